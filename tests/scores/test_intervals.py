"""Intervals against exact references, and by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from gru_sentiment.scores.intervals import bootstrap, percentiles, wilson


@settings(max_examples=100, deadline=None)
@given(counts=st.integers(1, 100_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_is_that_of_scipy(counts: tuple[int, int]) -> None:
    successes, n = counts
    expected = stats.binomtest(successes, n).proportion_ci(0.95, method="wilson")
    low, high = wilson(successes, n)
    assert (low, high) == pytest.approx((expected.low, expected.high), abs=1e-9)
    assert 0 <= low <= successes / n <= high <= 1


def test_the_ends_of_the_scale() -> None:
    assert wilson(0, 50)[0] == 0.0
    assert wilson(50, 50)[1] == 1.0
    assert wilson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(("n", "p"), [(200, 0.9), (1000, 0.92), (100, 0.5)])
def test_wilson_covers_the_truth_as_often_as_it_says(n: int, p: float) -> None:
    """2,000 seeded samples of n rows, each right with probability p."""
    drawn = np.random.default_rng(0).binomial(n, p, size=2_000)
    intervals = {count: wilson(int(count), n) for count in np.unique(drawn)}
    covered = np.mean([intervals[count][0] <= p <= intervals[count][1] for count in drawn])
    assert 0.93 < covered < 0.97


def test_the_bootstrap_covers_the_truth_as_often_as_it_says() -> None:
    """Of the mean of 200 numbers with mean 1, in 300 seeded samples of them."""
    generator = np.random.default_rng(0)
    covered = 0
    for seed in range(300):
        numbers = generator.exponential(size=200)
        mean = lambda weights, numbers=numbers: float(weights @ numbers / weights.sum())  # noqa: E731
        ((low, high),) = bootstrap([mean], 200, seed=seed, resamples=200)
        covered += low <= 1 <= high
    assert 0.90 < covered / 300 < 0.98


def test_the_bootstrap_of_a_share_is_near_wilsons() -> None:
    right = np.arange(1000) < 900
    found = bootstrap([lambda weights: float(weights @ right / weights.sum())], 1000)
    assert found[0] == pytest.approx(wilson(900, 1000), abs=0.003)


def test_the_seed_decides() -> None:
    numbers = np.random.default_rng(1).normal(size=50)
    mean = [lambda weights: float(weights @ numbers)]
    assert bootstrap(mean, 50, seed=4) == bootstrap(mean, 50, seed=4)
    assert bootstrap(mean, 50, seed=4) != bootstrap(mean, 50, seed=5)


def test_every_statistic_sees_the_same_resamples() -> None:
    seen: list[list[list[int]]] = [[], []]

    def noting(i: int) -> float:
        return lambda weights: seen[i].append(weights.tolist()) or 0.0

    bootstrap([noting(0), noting(1)], 7, resamples=5)
    assert seen[0] == seen[1]
    assert [sum(weights) for weights in seen[0]] == [7] * 5


def test_resamples_without_a_value_are_left_out() -> None:
    first = lambda weights: float(weights[0]) if weights[0] else None  # noqa: E731
    never = lambda weights: None  # noqa: E731
    (low, _), nothing = bootstrap([first, never], 3, resamples=100)
    assert low >= 1
    assert nothing is None


def test_percentiles_leave_a_fortieth_on_either_side() -> None:
    assert percentiles(np.arange(41.0)) == pytest.approx((1, 39))
