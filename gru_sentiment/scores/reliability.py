"""How far probabilities can be believed."""

from __future__ import annotations

import numpy as np

from gru_sentiment.arrays import Floats, Integers

BINS = 15


def brier_terms(probabilities: Floats, labels: Integers) -> Floats:
    """Squared error of every row, shape (rows,), summed over the classes (Brier 1950).

    For two classes half of that, which is the squared error of either probability: 0 to 1.
    `probabilities` (rows, classes) against class indices (rows,).
    """
    classes = probabilities.shape[1]
    errors: Floats = ((probabilities - np.eye(classes)[labels]) ** 2).sum(axis=1)
    return errors / 2 if classes == 2 else errors


class Calibration:
    """Expected calibration error (Naeini et al. 2015; Guo et al. 2017).

    Rows are sorted into 15 bins of equal width by the probability p of the predicted class: bin k
    holds k / 15 <= p < (k + 1) / 15, the last one p = 1 too. The error is the mean over the bins of
    |accuracy - mean p|, each bin weighing as many rows as it holds.
    """

    def __init__(self, probabilities: Floats, labels: Integers) -> None:
        top = probabilities.max(axis=1)
        # an answer that is not a number is in some bin, and makes the error none either
        self._bin = np.minimum((np.nan_to_num(top) * BINS).astype(np.int64), BINS - 1)
        self._surplus = (probabilities.argmax(axis=1) == labels) - top

    def error(self, weights: Integers) -> float:
        """The error of rows that count as often as their weights (rows,) say."""
        surplus = np.bincount(self._bin, weights * self._surplus, BINS)
        return float(np.abs(surplus).sum() / weights.sum())
