"""The nearest neighbours of words by their vectors."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional as F

from gru_sentiment.arrays import Ids
from gru_sentiment.errors import VectorsError
from gru_sentiment.vectors.word_vectors import WordVectors

SIMILARITIES_AT_A_TIME = 1 << 23
"""Cosine similarities that are computed at once, 32 MiB; bounds the memory."""


def nearest(vectors: WordVectors, k: int, *, first: int) -> Ids:
    """Ids of the `k` words with the largest cosine similarity to every word, the nearest first.

    Only words with a vector, from the id `first` on, are neighbours and have neighbours. Every
    other word is its own neighbour, `k` times.

    Returns:
        Ids of shape (words, k).

    Raises:
        VectorsError: fewer than k + 1 words have a vector.
    """
    known = np.flatnonzero(vectors.found & vectors.matrix.any(axis=1))
    known = known[known >= first]
    if len(known) <= k:
        raise VectorsError(
            f"training.augmentation.neighbours: {k} neighbours a word, but only {len(known)} words "
            f"of the vocabulary have a vector ({vectors.origin})",
            hint="lower it, set training.augmentation.synonyms to 0, or choose vectors for more of "
            "the words",
        )
    table = np.repeat(np.arange(len(vectors.found), dtype=np.int32)[:, None], k, axis=1)
    unit = F.normalize(torch.from_numpy(vectors.matrix[known]))
    step = max(1, SIMILARITIES_AT_A_TIME // len(known))
    for start in range(0, len(known), step):
        cosines = unit[start : start + step] @ unit.T
        itself = torch.arange(len(cosines))
        cosines[itself, start + itself] = -torch.inf
        table[known[start : start + step]] = known[cosines.topk(k).indices.numpy()]
    return table
