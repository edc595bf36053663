"""Metrics of a confusion matrix (classes, classes): true classes by row, predicted by column."""

from __future__ import annotations

import math

import numpy as np

from gru_sentiment.arrays import Floats, Integers


def accuracy(confusion: Integers) -> float:
    """Share of rows on the diagonal."""
    return float(confusion.trace() / confusion.sum())


def precision(confusion: Integers) -> Floats:
    """Share of the rows predicted as a class that are of it, (classes,); 0 where there are none."""
    return _ratio(confusion.diagonal(), confusion.sum(axis=0))


def recall(confusion: Integers) -> Floats:
    """Share of the rows of a class that are predicted as it, (classes,); 0 where there are none."""
    return _ratio(confusion.diagonal(), confusion.sum(axis=1))


def f1(confusion: Integers) -> Floats:
    """Harmonic mean of precision and recall, shape (classes,)."""
    both = confusion.sum(axis=0) + confusion.sum(axis=1)
    return _ratio(2 * confusion.diagonal(), both)


def macro(scores: Floats, confusion: Integers) -> float:
    """Mean of the scores (classes,) of those classes that have rows.

    A class without rows has no score and is left out. scikit-learn's balanced accuracy
    does the same, and its macro averages do with `labels` set to the classes of the rows.
    """
    return float(scores[confusion.sum(axis=1) > 0].mean())


def balanced_accuracy(confusion: Integers) -> float:
    """Mean recall of the classes that have rows."""
    return macro(recall(confusion), confusion)


def mcc(confusion: Integers) -> float | None:
    """Matthews' correlation coefficient, for any number of classes (Gorodkin 2004, R_K).

    0 where all rows are predicted as one class; None where all rows are of one class.
    """
    true, predicted = (confusion.sum(axis=axis).astype(float) for axis in (1, 0))
    n = true.sum()
    spread_true, spread_predicted = n * n - true @ true, n * n - predicted @ predicted
    if not spread_true:
        return None
    together = n * confusion.trace() - true @ predicted
    # two roots: the product of fourth powers of the counts would lose digits
    scale = math.sqrt(spread_true) * math.sqrt(spread_predicted)
    return float(together / scale) if scale else 0.0


def _ratio(part: Integers, whole: Integers) -> Floats:
    """part / whole; 0 where the denominator is 0."""
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)
