"""A paired comparison of two models on the same rows."""

from __future__ import annotations

import numpy as np

from gru_sentiment.arrays import Booleans, Integers
from gru_sentiment.results.evaluation import Against, PairedComparison
from gru_sentiment.scores.intervals import percentiles

RESAMPLES = 10_000
"""Of the bootstrap."""


def compare_paired(
    first_correct: Booleans,
    second_correct: Booleans,
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> PairedComparison:
    """Compare a second model with a first one.

    The interval is that of the paired bootstrap (Efron 1979): rows are drawn with the predictions
    of both models. Only three kinds of rows differ (fixed, broken, unchanged), so the number of
    each in a resample is drawn at once, from the multinomial distribution that drawing row by row
    would give.

    Args:
        first_correct: which rows the first model gets right, shape (rows,).
        second_correct: the same for the second model.
        seed: of the resamples.
        resamples: their number.
    """
    n = len(first_correct)
    fixed, broken = (len(rows) for rows in changed_rows(first_correct, second_correct))
    shares = np.array([fixed, broken, n - fixed - broken]) / n
    drawn = np.random.default_rng(seed).multinomial(n, shares, size=resamples)
    low, high = percentiles((drawn[:, 0] - drawn[:, 1]) / n)
    return PairedComparison(
        n=n,
        difference=(fixed - broken) / n,
        low=low,
        high=high,
        p_value=mcnemar(fixed, broken),
        fixed=fixed,
        broken=broken,
    )


def changed_rows(first_correct: Booleans, second_correct: Booleans) -> tuple[Integers, Integers]:
    """Positions that the second model alone gets right (fixed), and the first alone (broken)."""
    fixed = np.flatnonzero(second_correct & ~first_correct)
    return fixed, np.flatnonzero(first_correct & ~second_correct)


def mcnemar(fixed: int, broken: int) -> float:
    """Two-sided p value of McNemar's exact test (1947): a changed row is as likely fixed as broken.

    Twice the smaller tail of the binomial distribution with p = 1/2, at most 1; the terms are
    summed from their logarithms, of which n choose k + 1 is n choose k times (n - k) / (k + 1).
    """
    n, fewer = fixed + broken, np.arange(min(fixed, broken))
    steps = np.log(n - fewer) - np.log(fewer + 1)
    terms = np.concatenate([[0.0], np.cumsum(steps)]) - n * np.log(2)
    return min(1.0, 2 * float(np.exp(terms).sum()))


def compare_with(other: str, other_correct: Booleans, correct: Booleans, rows: Integers) -> Against:
    """Compare a model with another one on the same rows.

    Args:
        other: name of the other model.
        other_correct: which rows it gets right, shape (rows,).
        correct: which rows the model itself gets right, shape (rows,).
        rows: their numbers within the data, shape (rows,).
    """
    fixed, broken = changed_rows(other_correct, correct)
    return Against(
        other=other,
        other_accuracy=float(other_correct.mean()),
        comparison=compare_paired(other_correct, correct),
        fixed_rows=rows[fixed].tolist(),
        broken_rows=rows[broken].tolist(),
    )
