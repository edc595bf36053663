"""Word vectors of forty words, of which some are missing."""

from __future__ import annotations

import numpy as np

from gru_sentiment.vectors.word_vectors import WordVectors

WORDS, NEIGHBOURS = 40, 4


WITHOUT = {0, 1, 5, 17, 20}
"""Specials, two words that were not found, and one whose vector is zero."""


def forty_words() -> WordVectors:
    """Numbers for every row, also for those that mean nothing."""
    matrix = np.random.default_rng(0).standard_normal((WORDS, 6), dtype=np.float32)
    found = np.ones(WORDS, bool)
    found[[5, 17]] = False
    matrix[20] = 0
    return WordVectors(matrix, found, "vectors.txt")
