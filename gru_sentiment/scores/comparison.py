"""Two models on the same rows: is the one better than the other?"""

from __future__ import annotations

import numpy as np

from gru_sentiment.arrays import Booleans, Integers
from gru_sentiment.results.evaluation import Against, PairedComparison
from gru_sentiment.scores.intervals import percentiles

RESAMPLES = 10_000


def compare_paired(
    first_correct: Booleans,
    second_correct: Booleans,
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> PairedComparison:
    """The second model against the first, from which rows (rows,) each of them got right.

    The interval is the paired bootstrap's: rows are drawn with both answers to them. Only three
    kinds of rows differ (fixed, broken, the same), so how many of each a resample holds is drawn at
    once, from the multinomial distribution that drawing row by row would give.
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
    """Rows that the second model alone gets right (fixed), and the first alone (broken)."""
    fixed = np.flatnonzero(second_correct & ~first_correct)
    return fixed, np.flatnonzero(first_correct & ~second_correct)


def mcnemar(fixed: int, broken: int) -> float:
    """McNemar's exact two-sided test (1947): a changed row is as likely fixed as broken.

    Twice the smaller tail of the binomial distribution with p = 1/2, at most 1; the terms are
    summed from their logarithms, of which n choose k + 1 is n choose k times (n - k) / (k + 1).
    """
    n, fewer = fixed + broken, np.arange(min(fixed, broken))
    steps = np.log(n - fewer) - np.log(fewer + 1)
    terms = np.concatenate([[0.0], np.cumsum(steps)]) - n * np.log(2)
    return min(1.0, 2 * float(np.exp(terms).sum()))


def compare_with(other: str, other_correct: Booleans, correct: Booleans, rows: Integers) -> Against:
    """A model against another one named `other`, by what each got right of `rows` (rows,)."""
    fixed, broken = changed_rows(other_correct, correct)
    return Against(
        other=other,
        other_accuracy=float(other_correct.mean()),
        comparison=compare_paired(other_correct, correct),
        fixed_rows=rows[fixed].tolist(),
        broken_rows=rows[broken].tolist(),
    )
