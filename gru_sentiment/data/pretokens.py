"""spaCy's tokens of a text from those of its pretokens, which are remembered from text to text.

A pretoken is a run of characters without white space, such as "film," or "don't". spaCy's tokenizer
makes two passes over a text:

1. It splits every pretoken by itself: at prefixes, suffixes, infixes and exceptions such as "Mr.".
2. It searches the tokens of the whole text for exceptions that the first pass has split, and joins
   them: "so:(" was split into "so", ":" and "(", and ":(" is an exception. Here neighbours count.
   In "so:( (" it finds the three tokens of the exception ":((", which is longer and goes before.
   But these are no exception with the blank between them, so nothing is joined.

The second pass leaves a pretoken without the tokens of an exception alone, whatever stands beside
it. The tokens of such pretokens are remembered. A text with any other pretoken is given to spaCy
whole.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import chain, islice, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

if TYPE_CHECKING:
    from spacy.tokenizer import Tokenizer

Hashes = npt.NDArray[np.uint64]
"""spaCy's hashes of tokens, shape (tokens,)."""
BYTES = 8
"""Of a hash."""
GENERATION = 200_000
"""Pretokens that are remembered before a new generation begins. The generation before it is kept,
older ones are forgotten."""
LONGEST = 64
"""Most characters of a pretoken that is remembered. A text with a longer one is given to spaCy."""
PRETOKENS_A_CALL = 1_000
"""Pretokens that spaCy splits in one call."""
UNKNOWN = bytes(BYTES)
"""Stands for the tokens of a pretoken that depend on its neighbours. No token has the hash 0."""


def splits_pretokens_alone(tokenizer: Tokenizer) -> bool:
    """Whether the tokens of a pretoken follow from it alone, but for the second pass.

    So it is in English. Spanish has an exception with white space in it, "EE. UU.", and Chinese has
    another class of tokenizer.
    """
    import spacy.tokenizer

    return type(tokenizer) is spacy.tokenizer.Tokenizer and not any(
        exception.strip() and len(f".{exception}.".split()) > 1 for exception in tokenizer.rules
    )


class Pretokens:
    """The tokens of texts, for a tokenizer that `splits_pretokens_alone`.

    Args:
        tokenizer: spaCy's.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._first_pass = _first_pass(tokenizer)
        self._separator = np.uint64(tokenizer.vocab.strings.add("\n"))
        self._joined = _joined(tokenizer, self._first_pass)
        self._beginnings = np.array(list(self._joined), np.uint64)
        self._recent: dict[str, bytes] = {}
        self._older: dict[str, bytes] = {}

    def __len__(self) -> int:
        """How many pretokens are remembered; one of both generations counts twice."""
        return len(self._recent) + len(self._older)

    def tokens(self, texts: Sequence[str], whole: Callable[[str], Hashes]) -> list[Hashes]:
        """The tokens of every text, without white space.

        Args:
            texts: the texts.
            whole: the tokens of one text by both passes, without white space.
        """
        split = [text.split() for text in texts]
        pretokens = pa.array(list(chain.from_iterable(split)), pa.large_string())
        pretokens = pretokens.dictionary_encode()
        distinct = self._recalled(pretokens.dictionary.to_pylist())
        ends = np.cumsum([0, *map(len, distinct)]) // BYTES
        tokens = pa.ListArray.from_arrays(
            pa.array(ends, pa.int32()), pa.array(np.frombuffer(b"".join(distinct), np.uint64))
        ).take(pretokens.indices)
        hashes = tokens.values.to_numpy()
        bounds = tokens.offsets.to_numpy()[np.cumsum([0, *map(len, split)])]
        of_texts = [hashes[a:b] for a, b in pairwise(bounds)]
        for text in np.unique(np.searchsorted(bounds, np.flatnonzero(hashes == 0), "right") - 1):
            of_texts[text] = whole(texts[text])
        return of_texts

    def _recalled(self, pretokens: list[str]) -> list[bytes]:
        """The tokens of distinct pretokens, each UNKNOWN or as many hashes as it has."""
        found = list(map(self._recent.get, pretokens))
        absent = [
            each
            for each, tokens in zip(pretokens, found, strict=True)
            if tokens is None and len(each) <= LONGEST
        ]
        older = self._older
        added = {each: older[each] for each in absent if each in older}
        new = [each for each in absent if each not in added]
        for start in range(0, len(new), PRETOKENS_A_CALL):
            some = new[start : start + PRETOKENS_A_CALL]
            added.update(zip(some, self._split(some), strict=True))
        self._recent.update(islice(added.items(), GENERATION))
        if len(self._recent) > GENERATION:
            self._older, self._recent = self._recent, {}
        return [
            tokens or added.get(each, UNKNOWN)
            for each, tokens in zip(pretokens, found, strict=True)
        ]

    def _split(self, pretokens: list[str]) -> list[bytes]:
        """The tokens of new pretokens.

        A line break stands between two of them, because no exception has one in it.
        """
        hashes = _hashes(self._first_pass, "\n".join(pretokens))
        content, ends = hashes.tobytes(), np.flatnonzero(hashes == self._separator)
        starts, stops = [0, *BYTES * (ends + 1)], [*BYTES * ends, len(content)]
        tokens = [content[a:b] for a, b in zip(starts, stops, strict=True)]
        for i in np.flatnonzero(np.isin(hashes, self._beginnings)):
            if content.startswith(self._joined[int(hashes[i])], BYTES * i):
                tokens[np.searchsorted(ends, i)] = UNKNOWN
        return tokens


def _first_pass(tokenizer: Tokenizer, *, exceptions: bool = True) -> Tokenizer:
    """spaCy's tokenizer without its second pass, and on request without exceptions.

    When an exception is added, spaCy looks for prefixes, suffixes and infixes in it, and the second
    pass searches for it if there are any. So here none are found until all are added.
    """
    from spacy.tokenizer import Tokenizer

    added = False

    def later(search: Callable[[str], Any] | None, nothing: Any) -> Callable[[str], Any] | None:
        return search and (lambda string: search(string) if added else nothing)

    first_pass = Tokenizer(
        tokenizer.vocab,
        tokenizer.rules if exceptions else None,
        later(tokenizer.prefix_search, None),
        later(tokenizer.suffix_search, None),
        later(tokenizer.infix_finditer, []),
        tokenizer.token_match,
        tokenizer.url_match,
    )
    added = True
    return first_pass


def _joined(tokenizer: Tokenizer, first_pass: Tokenizer) -> dict[int, tuple[bytes, ...]]:
    """What the second pass joins: the tokens of an exception that was split as if it were none.

    Returns:
        The hashes of these tokens, by the first of them.
    """
    plain = _first_pass(tokenizer, exceptions=False)
    joined = defaultdict(list)
    for exception in tokenizer.rules:
        if any(
            find(exception)
            for find in (tokenizer.find_prefix, tokenizer.find_suffix, tokenizer.find_infix)
        ):
            split = _hashes(plain, exception)
            if not np.array_equal(split, _hashes(first_pass, exception)):
                joined[int(split[0])].append(split.tobytes())
    return {first: tuple(tokens) for first, tokens in joined.items()}


def _hashes(tokenizer: Tokenizer, text: str) -> Hashes:
    from spacy.attrs import ORTH

    hashes: Hashes = tokenizer(text).to_array([ORTH])
    return hashes
