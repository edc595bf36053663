"""A temperature makes probabilities as sure as they may be, and changes no class."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from gru_sentiment.postprocess.calibration import HIGHEST, LOWEST, fit_temperature
from gru_sentiment.postprocess.joint import at_temperature

Predictions = tuple[np.ndarray, np.ndarray]


def answers(scale: float = 1.0, rows: int = 400, classes: int = 2, seed: int = 0) -> Predictions:
    """Log probabilities that are `scale` times as sure as they should be, and the classes."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(size=(rows, classes))
    drawn = logits + generator.gumbel(size=(rows, classes))
    return log_softmax(scale * logits, axis=1), drawn.argmax(axis=1)


def log_loss(found: np.ndarray, labels: np.ndarray) -> float:
    return float(-found[np.arange(len(labels)), labels].mean())


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("scale", [0.25, 1.0, 6.0])
def test_finds_how_much_too_sure_answers_are(scale: float, classes: int) -> None:
    found, labels = answers(scale, rows=20_000, classes=classes)
    assert fit_temperature(found, labels) == pytest.approx(scale, rel=0.05)


@example(3.0, 2, 2, 205)  # probabilities of 0 and 1: no curvature
@given(st.floats(-3, 3), st.integers(2, 5), st.integers(2, 60), st.integers(0, 1000))
@settings(max_examples=50, deadline=None)
def test_the_loss_is_never_larger_and_the_temperature_within_bounds(
    power: float, classes: int, rows: int, seed: int
) -> None:
    found, labels = answers(10**power, rows, classes, seed)
    temperature = fit_temperature(found, labels)
    assert LOWEST <= temperature <= HIGHEST
    after = log_loss(at_temperature(found, temperature), labels)
    assert after <= log_loss(found, labels) + 1e-12
    if (found.argmax(axis=1) != labels).any():
        reference = minimize_scalar(
            lambda weight: log_loss(log_softmax(found * weight, axis=1), labels),
            bounds=(1 / HIGHEST, 1 / LOWEST),
            method="bounded",
            options={"xatol": 1e-10},
        )
        assert after <= reference.fun + 1e-7


@given(
    arrays(np.float64, (6, 3), elements=st.floats(-1e3, 1e3) | st.sampled_from([0.0, 1e-16])),
    st.floats(LOWEST, HIGHEST),
)
@settings(deadline=None)
def test_no_class_changes(logits: np.ndarray, temperature: float) -> None:
    found = log_softmax(logits, axis=1)
    after = at_temperature(found, temperature)
    np.testing.assert_array_equal(after.argmax(axis=1), found.argmax(axis=1))
    np.testing.assert_allclose(np.exp(after).sum(axis=1), 1)
    np.testing.assert_allclose(after, log_softmax(found / temperature, axis=1), atol=1e-9)


def test_no_class_changes_by_rounding() -> None:
    second = math.log(0.5)
    found = np.array([[math.nextafter(second, -1), second]] * 3)
    for temperature in (LOWEST, 1.5, 3.0, 7.0, HIGHEST):
        assert (at_temperature(found, temperature).argmax(axis=1) == 1).all()


def test_a_row_does_not_depend_on_its_neighbours() -> None:
    found, _ = answers(3, rows=50)
    whole = at_temperature(found, 2.3)
    np.testing.assert_array_equal(at_temperature(found[7:9], 2.3), whole[7:9])


def test_a_temperature_of_one_changes_nothing() -> None:
    found, _ = answers()
    assert at_temperature(found, 1.0) is found


def test_without_an_error_nothing_says_how_sure_is_too_sure() -> None:
    found, _ = answers(rows=5)
    assert fit_temperature(found, found.argmax(axis=1)) == 1


def test_answers_worse_than_none_are_made_as_unsure_as_allowed() -> None:
    found, _ = answers(rows=50)
    assert fit_temperature(found, found.argmin(axis=1)) == HIGHEST


def test_answers_that_are_all_alike_stay() -> None:
    found = np.full((4, 2), math.log(0.5))
    assert fit_temperature(found, np.array([0, 1, 0, 1])) == 1


def test_answers_that_are_no_numbers_stay() -> None:
    assert fit_temperature(np.array([[np.nan, np.nan]]), np.array([1])) == 1
