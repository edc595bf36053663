"""How well scores put the rows of a class before the others."""

from __future__ import annotations

import numpy as np

from gru_sentiment.arrays import Booleans, Floats, Integers


class Ranking:
    """Rows by their score, those with the same score together.

    Products are summed without BLAS, whose threads cost more than they save on so few numbers, and
    add them in an order that depends on their number.

    Args:
        scores: of being positive, shape (rows,).
        positive: which rows are, shape (rows,).
    """

    def __init__(self, scores: Floats, positive: Booleans) -> None:
        distinct, self._group = np.unique(scores, return_inverse=True)
        self._groups, self._positive = len(distinct), positive

    def roc_auc(self, weights: Integers) -> float | None:
        """Probability that a positive row scores above a negative one, ties counted half.

        The Mann-Whitney statistic (Hanley & McNeil 1982), a row counted as often as its weight
        (rows,) says; None without both kinds.
        """
        positive, negative = self._by_score(weights)
        pairs = positive.sum() * negative.sum()
        if not pairs:
            return None
        below = np.cumsum(negative) - negative
        return float((positive * (below + negative / 2)).sum() / pairs)

    def average_precision(self, weights: Integers) -> float | None:
        """Mean over the positive rows of the precision among all that score at least as high.

        The area under the curve of precision against recall as a sum of steps, without
        interpolation; None without both kinds.
        """
        positive, negative = (counts[::-1] for counts in self._by_score(weights))
        if not positive.sum() or not negative.sum():
            return None
        hits = np.cumsum(positive)
        claimed = np.maximum(hits + np.cumsum(negative), 1)  # 0 above the first row that counts
        return float((positive * hits / claimed).sum() / positive.sum())

    def _by_score(self, weights: Integers) -> tuple[Floats, Floats]:
        """Positive and negative rows of every distinct score, from low to high."""
        kinds = weights * self._positive, weights * ~self._positive
        positive, negative = (np.bincount(self._group, n, self._groups) for n in kinds)
        return positive.astype(float), negative.astype(float)
