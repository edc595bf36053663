"""The words that the model knows, in a fixed order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gru_sentiment.errors import ArtifactError

UNKNOWN, PADDING = "<unk>", "<pad>"
SPECIALS = (UNKNOWN, PADDING)
UNKNOWN_ID, PADDING_ID = 0, 1


class Vocabulary:
    """Words by id. The specials come first: 0 is any unknown word, 1 is no word at all."""

    def __init__(self, words: Sequence[str]) -> None:
        if tuple(words[: len(SPECIALS)]) != SPECIALS:
            raise ValueError(f"a vocabulary starts with {SPECIALS}, this one with {words[:2]}")
        self.words = list(words)
        self._ids = {word: i for i, word in enumerate(self.words)}
        if len(self._ids) < len(self.words):
            raise ValueError("a vocabulary names every word once")

    @classmethod
    def from_counts(
        cls, counts: Mapping[str, int], *, min_frequency: int = 1, max_size: int | None = None
    ) -> Vocabulary:
        """The most frequent words first, ties in alphabetical order.

        The order of `torchtext.vocab.Vocab`, whose `max_size` does not count the specials either.
        """
        known = [word for word, n in counts.items() if n >= min_frequency and word not in SPECIALS]
        known.sort(key=lambda word: (-counts[word], word))
        return cls([*SPECIALS, *known[:max_size]])

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: object) -> bool:
        return word in self._ids

    def ids(self, words: Sequence[str]) -> np.ndarray[Any, np.dtype[np.int32]]:
        """Ids of words, shape (words,); unknown ones, and words spelled like a special, are 0."""
        known = self._ids
        return np.fromiter(
            (0 if word in SPECIALS else known.get(word, UNKNOWN_ID) for word in words),
            np.int32,
            len(words),
        )

    def to_text(self) -> str:
        """One word a line, in the order of the ids; `load` reads it back."""
        return "".join(f"{word}\n" for word in self.words)

    @classmethod
    def load(cls, path: Path) -> Vocabulary:
        """Read a file that holds what `to_text` gives.

        Raises:
            ArtifactError: the file is not such a list of words.
        """
        try:
            # split at "\n" alone: a word may be any other kind of separator
            return cls(path.read_bytes().decode("utf-8").split("\n")[:-1])
        except ValueError as error:
            raise ArtifactError(f"{path}: not a vocabulary: {error}") from error
