"""N-grams as numbers: up to three word ids of 21 bits each in a key of 63 bits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gru_sentiment.arrays import Floats, Ids, Integers, Singles

Texts = tuple[Ids, Integers]
"""Ids of some texts, one text after the other, shape (tokens,), and the number of tokens of each
text, shape (texts,). Id 0 is the unknown word, which no n-gram contains."""

BITS = 21
MAX_WORDS = 1 << BITS
"""All ids must be below this."""
LONGEST = 3
"""The most words of an n-gram."""
MANY = 1 << 14
"""N-grams from which a hash table pays: it takes a tenth of a second to build for a million."""
MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
"""Odd, and no pattern of its bits repeats: 2 ** 64 over the golden ratio."""


def ngram_keys(texts: Texts, longest: int) -> tuple[Integers, Integers]:
    """All n-grams of 1 to `longest` known words, repeated as often as they occur.

    Returns:
        The key and the text of every n-gram, both of shape (n-grams,). No id in a key is 0, so keys
        of different lengths are never equal.
    """
    ids, lengths = texts
    words = ids.astype(np.int64)
    text_of = np.repeat(np.arange(len(lengths), dtype=np.int64), lengths)
    key, whole = words, words > 0
    keys, owners = [key[whole]], [text_of[whole]]
    for n in range(1, longest):
        # extend the n-gram that begins at each token by the next token of the same text
        behind = words[n:]
        key = key[:-1] << BITS | behind
        whole = whole[:-1] & (behind > 0) & (text_of[: len(key)] == text_of[n:])
        keys.append(key[whole])
        owners.append(text_of[: len(key)][whole])
    return np.concatenate(keys), np.concatenate(owners)


def frequent_ngrams(
    groups: Iterable[Texts], longest: int, min_texts: int
) -> tuple[Integers, Integers]:
    """The n-grams that occur in at least `min_texts` texts.

    Returns:
        Their keys, ascending, and the number of texts that each occurs in, both of shape
        (features,).
    """
    keys, counts = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for texts in groups:
        occurring, owners = ngram_keys(texts, longest)
        distinct, index = np.unique(occurring, return_inverse=True)
        _, features, _ = _tally(owners, index, len(distinct))
        keys.append(distinct)
        counts.append(np.bincount(features, minlength=len(distinct)))
    distinct, index = np.unique(np.concatenate(keys), return_inverse=True)
    in_texts = np.bincount(index, weights=np.concatenate(counts), minlength=len(distinct))
    kept = in_texts >= min_texts
    return distinct[kept], in_texts[kept].astype(np.int64)


@dataclass(frozen=True)
class Features:
    """Known n-grams, which are the features of a text.

    Without `idf` the feature of an n-gram is 1 if it occurs. With it, the feature is
    (1 + ln count) idf, divided by the Euclidean norm of the features of the text.
    """

    keys: Integers
    """Keys of the n-grams, ascending, shape (features,)."""
    longest: int
    """The most words of an n-gram."""
    idf: Singles | None = None
    """Inverse document frequencies above 0, shape (features,)."""

    def of(self, texts: Texts) -> tuple[Integers, Integers, Floats]:
        """The features that are not 0.

        Returns:
            The text, the index and the value of each, all of shape (entries,), ascending by text
            and by index within a text.
        """
        keys, owners = ngram_keys(texts, self.longest)
        features, known = self._found(keys)
        owners, features, counts = _tally(owners[known], features, len(self.keys))
        if self.idf is None:
            return owners, features, np.ones(len(features))
        values = (1 + np.log(counts)) * self.idf[features]
        norms = np.sqrt(np.bincount(owners, weights=values**2))
        return owners, features, values / norms[owners]

    def _found(self, keys: Integers) -> tuple[Integers, Integers]:
        """The indices of the n-grams that are features, and which of `keys` these are."""
        if len(keys) >= MANY or "_table" in self.__dict__:
            return self._table.found(keys)
        features = np.searchsorted(self.keys, keys)
        known = features < len(self.keys)
        known[known] = self.keys[features[known]] == keys[known]
        return features[known], np.flatnonzero(known)

    @cached_property
    def _table(self) -> _Table:
        return _Table.of(self.keys)


@dataclass(frozen=True)
class _Table:
    """A hash table of distinct keys. The keys of a slot stand side by side."""

    shift: np.uint64
    """The slot of a key is what the product with MULTIPLIER has in the bits from here on."""
    starts: Ids
    """Where the keys of each slot begin, and their end, shape (slots + 1,)."""
    keys: Integers
    """Ordered by slot, shape (keys,)."""
    index: Ids
    """Of each of them, shape (keys,)."""

    @classmethod
    def of(cls, keys: Integers) -> _Table:
        """From the keys by their indices."""
        bits = max(len(keys).bit_length() + 1, 1)  # two to four slots a key
        shift = np.uint64(64 - bits)
        slots = _slots(keys, shift)
        index = np.argsort(slots, kind="stable").astype(np.int32)
        counts = np.bincount(slots, minlength=1 << bits)
        starts = np.zeros(len(counts) + 1, np.int32)
        np.cumsum(counts, out=starts[1:])
        return cls(shift, starts, keys[index], index)

    def found(self, keys: Integers) -> tuple[Integers, Integers]:
        """The indices of those that the table has, and which of `keys` these are, ascending."""
        slots = _slots(keys, self.shift)
        at, ends = self.starts[slots], self.starts[slots + 1]
        position = np.full(len(keys), -1, np.int32)
        rows = np.flatnonzero(at < ends)
        while len(rows):
            some = at[rows]
            equal = self.keys[some] == keys[rows]
            position[rows[equal]] = some[equal]
            rows = rows[~equal]
            at[rows] += 1
            rows = rows[at[rows] < ends[rows]]
        known = np.flatnonzero(position >= 0)
        return self.index[position[known]].astype(np.int64), known


def _slots(keys: Integers, shift: np.uint64) -> Integers:
    slots: Integers = (keys.astype(np.uint64) * MULTIPLIER >> shift).astype(np.int64)
    return slots


def _tally(
    texts: Integers, features: Integers, n_features: int
) -> tuple[Integers, Integers, Integers]:
    """The distinct pairs of text and feature, ascending, and how often each occurs."""
    # 64 bits on every system, because the product may not fit into 32
    pairs, counts = np.unique(texts.astype(np.int64) * n_features + features, return_counts=True)
    divisor = max(n_features, 1)
    return pairs // divisor, pairs % divisor, counts
