"""Accuracy on slices of the rows, which shows where a model is weak."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gru_sentiment.arrays import Booleans, Integers
from gru_sentiment.errors import DataError
from gru_sentiment.results.evaluation import SliceScore
from gru_sentiment.scores.intervals import wilson

MOST = 100
"""Slices of a table."""
EMPTY = "(empty)"
"""The slice of rows without a value."""
LENGTH = "length"
"""The name of slices by the number of tokens; any other name is a column of a file."""


def score_slices(
    columns: Mapping[str, Sequence[Any]], correct: Booleans
) -> dict[str, list[SliceScore]]:
    """Accuracy by slice for every column, the worst slice first.

    Args:
        columns: a value for every row; below `length` the number of tokens read.
        correct: whether the prediction of a row is right, shape (rows,).

    Raises:
        DataError: a column with too many different values.
    """
    return {
        name: slice_scores(
            length_slices(np.array(values)) if name == LENGTH else value_slices(values), correct
        )
        for name, values in columns.items()
    }


def slice_scores(names: Sequence[str], correct: Booleans) -> list[SliceScore]:
    """Accuracy by slice, the worst slice first; of equally good ones the largest.

    Args:
        names: the slice of every row.
        correct: whether the prediction for a row is right, shape (rows,).

    Raises:
        DataError: there are more than `MOST` slices.
    """
    distinct, index = np.unique(np.array(names, dtype=object), return_inverse=True)
    if len(distinct) > MOST:
        raise DataError(
            f"{len(distinct):,} different values make {len(distinct):,} slices; {MOST} are allowed",
            hint="slice by a column of few values",
        )
    n, right = np.bincount(index), np.bincount(index, correct).astype(np.int64)
    scores = [
        SliceScore(str(name), int(rows), float(hits / rows), *wilson(int(hits), int(rows)))
        for name, rows, hits in zip(distinct, n, right, strict=True)
    ]
    return sorted(scores, key=lambda score: (score.accuracy, -score.n))


def length_slices(lengths: Integers) -> list[str]:
    """The quarter of every text by its length, named by its shortest and longest text.

    Texts of one length share a quarter, so that quarters may differ in size, or be fewer.

    Args:
        lengths: number of tokens read, shape (rows,).
    """
    quarter = np.searchsorted(np.quantile(lengths, [0.25, 0.5, 0.75]), lengths)
    names = {}
    for q in np.unique(quarter):
        shortest, longest = lengths[quarter == q].min(), lengths[quarter == q].max()
        span = f"{shortest:,}" if shortest == longest else f"{shortest:,} to {longest:,}"
        names[q] = f"{span} tokens"
    return [names[q] for q in quarter]


def value_slices(values: Sequence[object]) -> list[str]:
    """The slice of every row by its value in a column; rows without a value share one."""
    return [EMPTY if value is None or value == "" else str(value) for value in values]
