"""Fused answers, and weights with the smallest loss."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import log_softmax

from gru_sentiment.postprocess.calibration import fit_temperature
from gru_sentiment.postprocess.fusion import fit_shares, fit_weights, log_loss
from gru_sentiment.postprocess.joint import fuse_predictions


def answers(members: int, rows: int = 80, classes: int = 2, seed: int = 0) -> tuple:
    """Log probabilities of members that know something of the classes, and the classes."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(classes, size=rows)
    logits = generator.normal(size=(members, rows, classes))
    logits += generator.uniform(0, 2, members)[:, None, None] * np.eye(classes)[labels]
    return log_softmax(logits, axis=2), labels


def test_one_member_with_weight_one_stays_as_it_is() -> None:
    found, _ = answers(1)
    np.testing.assert_allclose(fuse_predictions(found, np.ones(1)), found[0], atol=1e-12)


def test_two_classes_add_logits() -> None:
    found, _ = answers(3)
    weights = np.array([0.2, 0.7, 1.5])
    logits = found[:, :, 1] - found[:, :, 0]
    fused = fuse_predictions(found, weights)
    np.testing.assert_allclose(fused[:, 1] - fused[:, 0], weights @ logits, atol=1e-12)
    np.testing.assert_allclose(np.exp(fused).sum(axis=1), 1)


@given(st.integers(2, 4), st.integers(2, 4), st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
@example(2, 2, 337)
def test_no_other_weights_have_a_smaller_loss(members: int, classes: int, seed: int) -> None:
    found, labels = answers(members, classes=classes, seed=seed)
    weights = fit_weights(found, labels)
    assert (weights >= 0).all()
    reference = minimize(
        lambda w: log_loss(found, labels, w),
        np.ones(members),
        bounds=[(0, None)] * members,
        method="L-BFGS-B",
        options={"ftol": 1e-14, "gtol": 1e-10},
    )
    # where members are never wrong, the loss falls to 0 as the weights grow, ever more slowly
    assert log_loss(found, labels, weights) <= reference.fun + 1e-6
    if reference.fun > 0.1:  # else almost no answer is wrong, and the loss is flat far out
        np.testing.assert_allclose(weights, reference.x, atol=1e-2)


def test_a_member_that_knows_nothing_gets_nothing() -> None:
    (useful, *_), labels = answers(1, rows=2000)
    wrong = log_softmax(-2 * np.eye(2)[labels] + np.random.default_rng(1).normal(size=(2000, 2)), 1)
    weights = fit_weights(np.stack([useful, np.full((2000, 2), np.log(0.5))]), labels)
    assert weights[0] > 0.1
    assert fit_weights(np.stack([useful, wrong]), labels)[1] == 0


def test_the_same_member_twice_shares_its_weight() -> None:
    found, labels = answers(1, rows=300)
    alone = fit_weights(found, labels)
    twice = fit_weights(np.concatenate([found, found]), labels)
    np.testing.assert_allclose(twice, alone[0] / 2, rtol=1e-4)


@pytest.mark.parametrize("members", [1, 2])
def test_answers_without_an_error_give_finite_weights(members: int) -> None:
    labels = np.arange(40) % 2
    found = log_softmax(np.stack([np.eye(2)[labels] * (1 + m) for m in range(members)]), axis=2)
    weights = fit_weights(found.astype(np.float32), labels)
    assert np.isfinite(weights).all()
    assert log_loss(found, labels, weights) < 1e-3


def test_rows_do_not_depend_on_each_other() -> None:
    found, labels = answers(3)
    weights = fit_weights(found, labels)
    whole = fuse_predictions(found, weights)
    parts = [fuse_predictions(found[:, i : i + 7], weights) for i in range(0, 80, 7)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    np.testing.assert_array_equal(fit_weights(found, labels), weights)


def of_second(*probabilities: float) -> np.ndarray:
    """Log probabilities of rows by the probability of the second class."""
    second = np.array(probabilities)
    return np.log(np.stack([1 - second, second], axis=1))


GOOD, WRONG = (0.2, 0.9, 0.8, 0.6, 0.4, 0.1), (0.8, 0.1, 0.3, 0.6, 0.4, 0.7)


def test_the_better_of_two_has_the_whole_share() -> None:
    labels = np.array([0, 1, 1, 0, 1, 0])
    good, wrong = of_second(*GOOD), of_second(*WRONG)
    assert fit_shares(np.stack([good, wrong]), labels).tolist() == [1, 0]
    assert fit_shares(np.stack([wrong, good]), labels).tolist() == [0, 1]
    assert fit_shares(np.stack([wrong, wrong]), labels).tolist() == [0.5, 0.5]


def test_shares_and_temperature_are_the_fitted_weights() -> None:
    both, labels = answers(2)
    shares, weights = fit_shares(both, labels), fit_weights(both, labels)
    assert shares.sum() == pytest.approx(1)
    assert (shares * weights.sum()).tolist() == pytest.approx(weights.tolist())


def test_shares_where_every_row_is_predicted_right() -> None:
    labels = np.array([0, 1, 1, 0])
    sure, unsure = of_second(0.01, 0.99, 0.98, 0.02), of_second(0.4, 0.6, 0.6, 0.4)
    assert fit_shares(np.stack([sure, unsure]), labels).tolist() == [1, 0]
    assert fit_shares(np.stack([unsure, sure]), labels).tolist() == [0, 1]
    shares = fit_shares(np.stack([of_second(0.4, 0.9, 0.6, 0.1), sure]), labels)
    assert shares.sum() == pytest.approx(1)
    assert (shares >= 0).all()


@pytest.mark.parametrize("rows", [4, 8, 80])
@pytest.mark.parametrize("seed", range(10))
def test_both_are_never_worse_than_one(rows: int, seed: int) -> None:
    both, labels = answers(2, rows, seed=seed)
    shares = fit_shares(both, labels)
    temperature = fit_temperature(fuse_predictions(both, shares), labels)
    together = log_loss(both, labels, shares / temperature)
    alone = [log_loss(both[[i]], labels, np.ones(1)) for i in range(2)]
    assert together <= min(alone) + 1e-9
