"""What a training starts from."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gru_sentiment.arrays import Singles
from gru_sentiment.data.vocab import PADDING_ID, SPECIALS, Vocabulary
from gru_sentiment.results.training import Coverage
from gru_sentiment.vectors.word_vectors import WordVectors

UNSCALED_STD = 0.1
"""Standard deviation of random vectors where none was found to take it from."""

MISSING_WORDS = 10


def initial_weights(vectors: WordVectors, seed: int) -> Singles:
    """The embedding's first weights, shape (words, dimension).

    A word without a vector gets a seeded normal one whose standard deviation is that of the
    vectors found; padding is zero.
    """
    scale = float(vectors.matrix[vectors.found].std()) if vectors.found.any() else UNSCALED_STD
    generator = np.random.default_rng(seed)
    random = scale * generator.standard_normal(vectors.matrix.shape, dtype=np.float32)
    weights: Singles = np.where(vectors.found[:, None], vectors.matrix, random)
    weights[PADDING_ID] = 0.0
    return weights


def coverage(vectors: WordVectors, vocabulary: Vocabulary, counts: Mapping[str, int]) -> Coverage:
    """Share of the vocabulary that has vectors, by word and by how often the words occur."""
    words = vocabulary.words[len(SPECIALS) :]
    found = vectors.found[len(SPECIALS) :]
    frequency = np.array([counts.get(word, 0) for word in words], dtype=np.int64)
    # words are in order of frequency, so the first missing ones are the most frequent
    missing = np.flatnonzero(~found)[:MISSING_WORDS]
    return Coverage(
        vectors=vectors.origin,
        types=float(found.mean()) if len(words) else 0.0,
        tokens=float(frequency[found].sum() / max(frequency.sum(), 1)),
        most_frequent_missing=tuple((words[i], int(frequency[i])) for i in missing),
    )
