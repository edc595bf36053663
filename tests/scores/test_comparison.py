"""Two models on the same rows, against scipy and by simulation."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import stats

from gru_sentiment.scores.comparison import changed_rows, compare_paired, compare_with, mcnemar


def rows(fixed: int, broken: int, right: int, wrong: int) -> tuple[np.ndarray, np.ndarray]:
    """Which rows the first and the second model get right."""
    kinds = [(False, True)] * fixed + [(True, False)] * broken
    kinds += [(True, True)] * right + [(False, False)] * wrong
    first, second = zip(*kinds, strict=True)
    return np.array(first), np.array(second)


@settings(max_examples=100, deadline=None)
@given(fixed=st.integers(0, 3_000), broken=st.integers(0, 3_000))
@example(fixed=12, broken=1_063)
@example(fixed=15, broken=1_060)
def test_the_test_is_scipys_exact_one(fixed: int, broken: int) -> None:
    found = mcnemar(fixed, broken)
    if not fixed + broken:
        assert found == 1.0
        return
    n, tail, term = fixed + broken, 0, 1
    for k in range(min(fixed, broken) + 1):
        tail, term = tail + term, term * (n - k) // (k + 1)
    exact = min(1.0, float(Fraction(2 * tail, 2**n)))
    # what is below 1e-308 has fewer digits
    assert found == pytest.approx(exact, rel=1e-9, abs=1e-310)
    # scipy gives 0 for some of what is below 1e-289
    if expected := stats.binomtest(fixed, n).pvalue:
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-297)
    else:
        assert exact < 1e-289


def test_counts_and_difference() -> None:
    found = compare_paired(*rows(fixed=30, broken=10, right=800, wrong=160))
    assert (found.n, found.fixed, found.broken) == (1000, 30, 10)
    assert found.difference == pytest.approx(0.02)
    assert found.low < 0.02 < found.high
    assert found.p_value == pytest.approx(stats.binomtest(10, 40).pvalue)


def test_the_interval_is_that_of_drawing_row_by_row() -> None:
    first, second = rows(fixed=40, broken=20, right=400, wrong=40)
    generator = np.random.default_rng(0)
    gains = second.astype(int) - first
    means = [gains[generator.integers(500, size=500)].mean() for _ in range(4_000)]
    found = compare_paired(first, second)
    assert (found.low, found.high) == pytest.approx(np.quantile(means, [0.025, 0.975]), abs=0.003)


def test_the_interval_covers_the_truth_as_often_as_it_says() -> None:
    """2,000 seeded samples of 500 rows, of which 8 % are fixed and 5 % broken."""
    generator = np.random.default_rng(0)
    covered = 0
    for fixed, broken, same in generator.multinomial(500, [0.08, 0.05, 0.87], size=2_000):
        found = compare_paired(*rows(fixed, broken, same, 0), resamples=400)
        covered += found.low <= 0.03 <= found.high
    assert 0.93 < covered / 2_000 < 0.97


def test_equal_models_differ_by_nothing() -> None:
    first, _ = rows(0, 0, 5, 5)
    found = compare_paired(first, first)
    assert (found.difference, found.low, found.high, found.p_value) == (0, 0, 0, 1)


def test_the_other_way_round_is_the_opposite() -> None:
    first, second = rows(fixed=9, broken=4, right=30, wrong=5)
    there, back = compare_paired(first, second), compare_paired(second, first)
    assert there.difference == -back.difference
    assert (there.fixed, there.broken, there.p_value) == (back.broken, back.fixed, back.p_value)


def test_the_seed_decides_and_the_order_of_the_rows_does_not() -> None:
    first, second = rows(fixed=900, broken=400, right=3000, wrong=5)
    order = np.random.default_rng(0).permutation(len(first))
    assert compare_paired(first, second) == compare_paired(first[order], second[order])
    assert compare_paired(first, second, seed=1) != compare_paired(first, second, seed=3)


def test_which_rows_changed() -> None:
    first = np.array([True, False, True, False])
    second = np.array([True, True, False, False])
    fixed, broken = changed_rows(first, second)
    assert (fixed.tolist(), broken.tolist()) == ([1], [2])


def test_rows_are_named_as_in_the_data() -> None:
    other = np.array([True, False, True, False])
    own = np.array([True, True, False, True])
    found = compare_with("runs/b", other, own, np.array([4, 7, 9, 11]))
    assert (found.other, found.other_accuracy) == ("runs/b", 0.5)
    assert (found.fixed_rows, found.broken_rows) == ([7, 11], [9])
    assert found.comparison == compare_paired(other, own)
