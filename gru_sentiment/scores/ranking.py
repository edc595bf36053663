"""How well scores rank the rows of a class above the others."""

from __future__ import annotations

import numpy as np

from gru_sentiment.arrays import Booleans, Floats, Integers


class Ranking:
    """Rows ranked by their score; rows with equal scores share a rank.

    Products are summed without BLAS: its threads cost more than they save on so few numbers, and
    the order of its sums depends on the number of threads.

    Args:
        scores: the higher, the more likely positive, shape (rows,).
        positive: which rows are positive, shape (rows,).
    """

    def __init__(self, scores: Floats, positive: Booleans) -> None:
        distinct, self._group = np.unique(scores, return_inverse=True)
        self._groups, self._positive = len(distinct), positive

    def roc_auc(self, weights: Integers) -> float | None:
        """Probability that a positive row scores above a negative one; a tie counts half.

        The Mann-Whitney statistic (Hanley & McNeil 1982). A row counts as often as its weight,
        shape (rows,), says. None where all rows are of one kind.
        """
        positive, negative = self._by_score(weights)
        pairs = positive.sum() * negative.sum()
        if not pairs:
            return None
        below = np.cumsum(negative) - negative
        return float((positive * (below + negative / 2)).sum() / pairs)

    def average_precision(self, weights: Integers) -> float | None:
        """Mean over the positive rows of the precision among all rows that score at least as high.

        The area under the curve of precision against recall as a sum of steps, without
        interpolation. None where all rows are of one kind.
        """
        positive, negative = (counts[::-1] for counts in self._by_score(weights))
        if not positive.sum() or not negative.sum():
            return None
        hits = np.cumsum(positive)
        predicted = np.maximum(
            hits + np.cumsum(negative), 1
        )  # 0 before the first row of a weight above 0
        return float((positive * hits / predicted).sum() / positive.sum())

    def _by_score(self, weights: Integers) -> tuple[Floats, Floats]:
        """Positive and negative rows of every distinct score, from low to high."""
        kinds = weights * self._positive, weights * ~self._positive
        positive, negative = (np.bincount(self._group, n, self._groups) for n in kinds)
        return positive.astype(float), negative.astype(float)
