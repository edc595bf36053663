"""Word vectors as whole numbers of 8 bits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from gru_sentiment.arrays import Singles
from gru_sentiment.artifact.tensors import compact
from gru_sentiment.artifact.weights import SCALES

TABLE = "table"


@dataclass(frozen=True)
class Int8Rows:
    """A table of word vectors: row i is `numbers[i] * scales[i] * columns`.

    The first layer multiplies a vector by its input weights. These can take in `columns`, so that
    nobody has to multiply by them.
    """

    numbers: NDArray[np.int8]
    """Shape (words, dimension)."""
    scales: Singles
    """Shape (words,)."""
    columns: Singles
    """Shape (dimension,)."""


def int8_rows(table: Singles) -> Int8Rows:
    """The rows of a table (words, dimension); rows that are of this form already stay as they are.

    A row has one scale, which its largest number decides. So that this is not always a number of
    the same few columns, all columns are made equally large first.
    """
    ones = np.ones(table.shape[1], np.float32)
    stored = _rounded(table, ones)
    if (stored.numbers * stored.scales[:, None] == table).all():
        return stored
    sizes = np.sqrt(np.mean(np.square(table), axis=0))
    return _rounded(table, np.where(sizes > 0, sizes, ones))


def _rounded(table: Singles, columns: Singles) -> Int8Rows:
    stored = compact({TABLE: torch.from_numpy(table / columns)}, TABLE)
    scales = stored[TABLE + SCALES].float().numpy()
    return Int8Rows(stored[TABLE].numpy(), scales, columns)
