"""Brier's score and the calibration error, against plain loops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gru_sentiment.scores.reliability import BINS, Calibration, brier_terms


def calibration_error(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """The definition, a bin at a time."""
    top, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    total = 0.0
    for k in range(BINS):
        low, high = k / BINS, (k + 1) / BINS
        inside = [i for i, p in enumerate(top) if low <= p < high or (k == BINS - 1 and p == 1.0)]
        if inside:
            accuracy = sum(right[i] for i in inside) / len(inside)
            confidence = sum(top[i] for i in inside) / len(inside)
            total += len(inside) / len(top) * abs(accuracy - confidence)
    return total


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10**6), n=st.integers(1, 200), classes=st.integers(2, 5))
def test_calibration_error_against_a_loop(seed: int, n: int, classes: int) -> None:
    generator = np.random.default_rng(seed)
    probabilities = generator.dirichlet(np.full(classes, 0.5), size=n)
    labels = generator.integers(classes, size=n)
    found = Calibration(probabilities, labels).error(np.ones(n, int))
    assert found == pytest.approx(calibration_error(probabilities, labels), abs=1e-9)


def test_certain_answers_are_in_the_last_bin() -> None:
    probabilities = np.array([[0.0, 1.0], [0.0, 1.0], [0.02, 0.98], [0.02, 0.98]])
    found = Calibration(probabilities, np.array([1, 0, 1, 1])).error(np.ones(4, int))
    assert found == pytest.approx(0.99 - 0.75)


def test_rows_that_do_not_count() -> None:
    probabilities = np.array([[0.2, 0.8], [0.1, 0.9]])
    calibration = Calibration(probabilities, np.array([1, 0]))
    assert calibration.error(np.array([2, 0])) == pytest.approx(0.2)
    assert calibration.error(np.array([0, 1])) == pytest.approx(0.9)


def test_answers_that_are_no_numbers_give_none() -> None:
    probabilities = np.array([[np.nan, np.nan], [0.1, 0.9]])
    assert np.isnan(Calibration(probabilities, np.array([1, 1])).error(np.ones(2, int)))


def test_brier_of_two_classes_is_of_one_probability() -> None:
    found = brier_terms(np.array([[0.3, 0.7], [1.0, 0.0]]), np.array([0, 0]))
    assert found == pytest.approx([0.49, 0.0])


def test_brier_of_more_classes_is_summed() -> None:
    found = brier_terms(np.array([[0.2, 0.5, 0.3]]), np.array([2]))
    assert found == pytest.approx([0.2**2 + 0.5**2 + 0.7**2])
