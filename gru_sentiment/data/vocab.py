"""The words that a model knows, in a fixed order.

`torchtext.vocab.Vocab` orders them in training; reading a run's vocabulary needs no torchtext.
torchtext's `Field` and `BucketIterator` are not used:

- `Field` keeps every token of every text as a Python string, pads each batch to its longest text,
  cuts a long text at one end, and can only be stored as a pickle. Here a token is a position in a
  table of distinct words, which is cached on disk; batches are packed without padding; a long text
  keeps its head and its tail; and a vocabulary is a text file.
- `BucketIterator` draws its order from a random state that must be saved with a checkpoint, and
  builds the batches before it again when it resumes. Here the order follows from the seed and the
  epoch, so that any batch can be built by itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np

from gru_sentiment.errors import ArtifactError

UNKNOWN_TOKEN, PADDING_TOKEN = "<unk>", "<pad>"
SPECIALS = (UNKNOWN_TOKEN, PADDING_TOKEN)
UNKNOWN_ID, PADDING_ID = 0, 1


class Vocabulary:
    """Words by id. Id 0 is the unknown word, id 1 is padding."""

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
        """The vocabulary of `torchtext.vocab.Vocab`: the most frequent words first.

        Words of one frequency stand in alphabetical order.

        Args:
            counts: how often each word occurs.
            min_frequency: rarer words are left out.
            max_size: the largest number of words, the two specials not counted; None keeps all.
        """
        from torchtext.vocab import Vocab

        vocab = Vocab(
            Counter(counts), max_size=max_size, min_freq=min_frequency, specials=list(SPECIALS)
        )
        return cls(vocab.itos)

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: object) -> bool:
        return word in self._ids

    def ids(self, words: Sequence[str]) -> np.ndarray[Any, np.dtype[np.int32]]:
        """The id of each word, shape (words,); 0 for unknown words and for `<unk>` and `<pad>`."""
        ids = np.fromiter(map(self._ids.get, words, repeat(UNKNOWN_ID)), np.int32, len(words))
        ids[ids == PADDING_ID] = UNKNOWN_ID
        return ids

    def to_text(self) -> str:
        """The text of a vocabulary file: one word in each line, in the order of the ids."""
        return "".join(f"{word}\n" for word in self.words)

    @classmethod
    def load(cls, path: Path) -> Vocabulary:
        """Read a file with the text of `to_text`.

        Raises:
            ArtifactError: the file is not a vocabulary.
        """
        try:
            # split at "\n" alone, because a word may be any other line separator
            return cls(path.read_bytes().decode("utf-8").split("\n")[:-1])
        except ValueError as error:
            raise ArtifactError(f"{path}: not a vocabulary: {error}") from error
