"""The n-grams of texts as numbers: up to three word ids of 21 bits each in one 63-bit key."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from gru_sentiment.arrays import Floats, Ids, Integers, Singles

Texts = tuple[Ids, Integers]
"""Word ids of some texts, one text after the other, shape (tokens,), and how many each text has,
shape (texts,). Id 0 is an unknown word: no n-gram holds it."""

BITS = 21
MAX_WORDS = 1 << BITS
"""Ids are below."""
LONGEST = 3


def ngram_keys(texts: Texts, longest: int) -> tuple[Integers, Integers]:
    """The n-grams of 1 to `longest` known words, as often as they occur.

    Returns:
        The key of every n-gram and its text, both of shape (n-grams,). Since no id in a key is 0,
        keys of one, two and three words cannot be equal.
    """
    ids, lengths = texts
    words = ids.astype(np.int64)
    text_of = np.repeat(np.arange(len(lengths), dtype=np.int64), lengths)
    key, whole = words, words > 0
    keys, owners = [key[whole]], [text_of[whole]]
    for n in range(1, longest):
        # the n-gram that begins at a word, and the word behind it, within one text
        behind = words[n:]
        key = key[:-1] << BITS | behind
        whole = whole[:-1] & (behind > 0) & (text_of[: len(key)] == text_of[n:])
        keys.append(key[whole])
        owners.append(text_of[: len(key)][whole])
    return np.concatenate(keys), np.concatenate(owners)


def frequent_ngrams(
    parts: Iterable[Texts], longest: int, min_texts: int
) -> tuple[Integers, Integers]:
    """The n-grams that stand in at least `min_texts` texts.

    Returns:
        Their keys, ascending, and in how many texts each stands, both of shape (features,).
    """
    keys, counts = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for texts in parts:
        found, owners = ngram_keys(texts, longest)
        distinct, index = np.unique(found, return_inverse=True)
        _, features, _ = _tally(owners, index, len(distinct))
        keys.append(distinct)
        counts.append(np.bincount(features, minlength=len(distinct)))
    distinct, index = np.unique(np.concatenate(keys), return_inverse=True)
    in_texts = np.bincount(index, weights=np.concatenate(counts), minlength=len(distinct))
    kept = in_texts >= min_texts
    return distinct[kept], in_texts[kept].astype(np.int64)


@dataclass(frozen=True)
class Features:
    """Known n-grams, and the number that each is in a text.

    Without `idf` an n-gram is 1 where it occurs, however often. With it, it is
    (1 + ln count) idf, divided by the Euclidean norm over the text's known n-grams.
    """

    keys: Integers
    """Ascending, shape (features,)."""
    longest: int
    """Words of the longest n-gram."""
    idf: Singles | None = None
    """Inverse document frequencies above 0, shape (features,)."""

    def of(self, texts: Texts) -> tuple[Integers, Integers, Floats]:
        """All that is not 0: text, feature and number, each of shape (entries,).

        Ascending by text, and by feature within a text.
        """
        keys, owners = ngram_keys(texts, self.longest)
        features = np.searchsorted(self.keys, keys)
        known = features < len(self.keys)
        known[known] = self.keys[features[known]] == keys[known]
        owners, features, counts = _tally(owners[known], features[known], len(self.keys))
        if self.idf is None:
            return owners, features, np.ones(len(features))
        values = (1 + np.log(counts)) * self.idf[features]
        norms = np.sqrt(np.bincount(owners, weights=values**2))
        return owners, features, values / norms[owners]


def _tally(
    texts: Integers, features: Integers, n_features: int
) -> tuple[Integers, Integers, Integers]:
    """Distinct pairs of text and feature in ascending order, and how often each occurs."""
    # 64 bits whatever the system's usual integer is: their product may not fit into 32
    pairs, counts = np.unique(texts.astype(np.int64) * n_features + features, return_counts=True)
    divisor = max(n_features, 1)
    return pairs // divisor, pairs % divisor, counts
