"""How reliable probabilities are: Brier score and calibration error."""

from __future__ import annotations

import numpy as np

from gru_sentiment.arrays import Floats, Integers

BINS = 15


def brier_terms(probabilities: Floats, labels: Integers) -> Floats:
    """Squared error of the probabilities of every row, shape (rows,) (Brier 1950).

    It is summed over the classes; for two classes it is half of that sum, the squared error of
    either probability, 0 to 1.

    Args:
        probabilities: shape (rows, classes).
        labels: class indices, shape (rows,).
    """
    classes = probabilities.shape[1]
    errors: Floats = ((probabilities - np.eye(classes)[labels]) ** 2).sum(axis=1)
    return errors / 2 if classes == 2 else errors


class Calibration:
    """Expected calibration error (Naeini et al. 2015; Guo et al. 2017).

    Rows are sorted into 15 bins of equal width by the probability p of the predicted class: bin k
    holds k / 15 <= p < (k + 1) / 15, the last one p = 1 too. The error is the mean over the bins of
    |accuracy - mean p|, weighted by their numbers of rows.

    Args:
        probabilities: shape (rows, classes).
        labels: class indices, shape (rows,).
    """

    def __init__(self, probabilities: Floats, labels: Integers) -> None:
        top = probabilities.max(axis=1)
        # a probability that is not a number falls into some bin, and the error is not a number then
        self._bin = np.minimum((np.nan_to_num(top) * BINS).astype(np.int64), BINS - 1)
        self._surplus = (probabilities.argmax(axis=1) == labels) - top

    def error(self, weights: Integers) -> float:
        """The error of rows that count as often as their weights (rows,) say."""
        surplus = np.bincount(self._bin, weights * self._surplus, BINS)
        return float(np.abs(surplus).sum() / weights.sum())
