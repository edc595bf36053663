"""Accuracy on parts of the rows: where is a model weak?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gru_sentiment.arrays import Booleans, Integers
from gru_sentiment.errors import DataError
from gru_sentiment.results.evaluation import SliceScore
from gru_sentiment.scores.intervals import wilson

MOST = 100
"""Slices that a table can show."""
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
    """Accuracy by slice, the worst first, from every row's slice and whether it is right (rows,).

    Raises:
        DataError: more slices than anyone reads.
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


def length_slices(words: Integers) -> list[str]:
    """The quarter of every text by the words read (rows,), named by its shortest and longest.

    Texts of one length stay together, so that quarters may differ in size, or be fewer.
    """
    quarter = np.searchsorted(np.quantile(words, [0.25, 0.5, 0.75]), words)
    names = {}
    for q in np.unique(quarter):
        shortest, longest = words[quarter == q].min(), words[quarter == q].max()
        span = f"{shortest:,}" if shortest == longest else f"{shortest:,} to {longest:,}"
        names[q] = f"{span} words"
    return [names[q] for q in quarter]


def value_slices(values: Sequence[object]) -> list[str]:
    """The slice of every row by the value in a column; one for all that hold nothing."""
    return [EMPTY if value is None or value == "" else str(value) for value in values]
