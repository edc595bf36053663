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
    """Vectors for a list of words. Where `found` is false, the row is not a vector of the word."""

    matrix: Singles
    """Shape (words, dimension)."""
    found: Booleans
    """Whether each word has a vector, shape (words,)."""
    origin: str
    """The file, set or package that the vectors come from, for messages."""

    @property
    def dimension(self) -> int:
        """Numbers a word."""
        return int(self.matrix.shape[1])


def no_vectors(words: Sequence[str], dimension: int | None) -> WordVectors:
    """A matrix of zeros in which no word has a vector; DEFAULT_DIMENSION is the default."""
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
