"""Vectors for a list of words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gru_sentiment.arrays import Booleans, Singles
from gru_sentiment.errors import VectorsError

DEFAULT_DIMENSION = 100


@dataclass(frozen=True)
class WordVectors:
    """Rows for a list of words; where `found` is false the row means nothing."""

    matrix: Singles
    """Shape (words, dimension)."""
    found: Booleans
    """Shape (words,)."""
    origin: str

    @property
    def dimension(self) -> int:
        """Numbers a word."""
        return int(self.matrix.shape[1])


def no_vectors(words: Sequence[str], dimension: int | None) -> WordVectors:
    """No vector for any word."""
    shape = len(words), dimension or DEFAULT_DIMENSION
    return WordVectors(np.zeros(shape, np.float32), np.zeros(len(words), bool), "none")


def check_dimension(dimension: int, expected: int | None, origin: str) -> None:
    """Compare the dimension of the vectors from `origin` with the config's, if that has one.

    Raises:
        VectorsError: they differ.
    """
    if expected is not None and dimension != expected:
        raise VectorsError(
            f"vectors.dimension is {expected}, {origin} has {dimension}",
            hint=f"set vectors.dimension to {dimension} or leave it out",
        )
