"""95 % confidence intervals of metrics that were measured on a sample of rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import NormalDist

import numpy as np

from gru_sentiment.arrays import Floats, Integers

Statistic = Callable[[Integers], float | None]
"""A metric of rows that count as often as their weights, shape (rows,), say; None where it cannot
be computed."""

LEVEL = 0.95
RESAMPLES = 1_000
"""Of the bootstrap."""
TAIL = (1 - LEVEL) / 2
Z = NormalDist().inv_cdf(1 - TAIL)


def wilson(successes: int, n: int) -> tuple[float, float]:
    """Wilson's score interval (1927) of a proportion; 0 to 1 where `n` is 0.

    The p with |successes / n - p| <= z sqrt(p (1 - p) / n): within [0, 1] by itself, and close to
    its nominal coverage where p is near 0 or 1, which the normal interval is not.
    """
    if not n:
        return 0.0, 1.0

    def lower(count: int) -> float:
        half = Z * math.sqrt(Z * Z + 4 * count * (n - count) / n)
        return (2 * count + Z * Z - half) / (2 * (n + Z * Z))

    # the upper end is the lower one of the failures
    return lower(successes), 1.0 - lower(n - successes)


def bootstrap(
    statistics: Sequence[Statistic], n: int, *, seed: int = 0, resamples: int = RESAMPLES
) -> list[tuple[float, float] | None]:
    """Percentile intervals of statistics of `n` rows (Efron 1979), all from the same resamples.

    A statistic receives a resample as the number of times that each row was drawn. Resamples on
    which it has no value, such as those without a row of its class, are left out; the interval is
    None where that leaves none.
    """
    generator = np.random.default_rng(seed)
    values: list[list[float]] = [[] for _ in statistics]
    for _ in range(resamples):
        weights = np.bincount(generator.integers(n, size=n), minlength=n)
        for known, statistic in zip(values, statistics, strict=True):
            value = statistic(weights)
            if value is not None:
                known.append(value)
    return [percentiles(np.array(known)) if known else None for known in values]


def percentiles(values: Floats) -> tuple[float, float]:
    """The ends of the middle 95 % of values."""
    low, high = np.quantile(values, [TAIL, 1 - TAIL])
    return float(low), float(high)
