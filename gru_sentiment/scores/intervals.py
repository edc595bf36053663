"""95 % intervals around what was measured on a sample of rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import NormalDist

import numpy as np

from gru_sentiment.arrays import Floats, Integers

Statistic = Callable[[Integers], float | None]
"""A value of rows that count as often as their weights (rows,) say; None where it has none."""

LEVEL = 0.95
RESAMPLES = 1_000
TAIL = (1 - LEVEL) / 2
Z = NormalDist().inv_cdf(1 - TAIL)


def wilson(successes: int, n: int) -> tuple[float, float]:
    """Wilson's score interval (1927) of a proportion; 0 to 1 where nothing was counted.

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

    A resample is given as how often each row was drawn. Resamples without a value, such as those
    without a row of the class that a statistic is about, are left out; None where that leaves none.
    """
    generator = np.random.default_rng(seed)
    values: list[list[float]] = [[] for _ in statistics]
    for _ in range(resamples):
        weights = np.bincount(generator.integers(n, size=n), minlength=n)
        for found, statistic in zip(values, statistics, strict=True):
            value = statistic(weights)
            if value is not None:
                found.append(value)
    return [percentiles(np.array(found)) if found else None for found in values]


def percentiles(values: Floats) -> tuple[float, float]:
    """The middle 95 % of values."""
    low, high = np.quantile(values, [TAIL, 1 - TAIL])
    return float(low), float(high)
