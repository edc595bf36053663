"""Several models' answers added up to one, with weights from validation data."""

from __future__ import annotations

import numpy as np

from gru_sentiment.arrays import Floats, Integers

MAX_STEPS = 100
FLAT = 1e-8
"""A largest slope at which the loss counts as smallest."""
HALVINGS = 40
MAX_WEIGHT = 1e6
"""Members that make no error would be weighed up without end."""


def fuse_predictions(answers: Floats, weights: Floats) -> Floats:
    """Log probabilities (rows, classes) of those of the members (members, rows, classes).

    The members' log probabilities are summed by weight and normalised again; with two classes that
    is a weighted sum of logits.
    """
    # member by member: a row's answer does not depend on the rows around it
    summed: Floats = sum(
        (weight * one for weight, one in zip(weights, answers, strict=True)),
        start=np.zeros(answers.shape[1:]),
    )
    return summed - np.logaddexp.reduce(summed, axis=1, keepdims=True)


def fit_weights(answers: Floats, labels: Integers) -> Floats:
    """The weights, 0 or more, shape (members,), with the smallest log loss.

    The loss is convex in them. Newton steps, projected to what is allowed (Bertsekas 1982): a
    weight at 0 that would fall stays out of the step.

    Args:
        answers: log probabilities, shape (members, rows, classes).
        labels: class index of every row, shape (rows,).
    """
    answers = answers.astype(np.float64)
    weights = np.full(len(answers), 1 / len(answers))
    for _ in range(MAX_STEPS):
        slope, curvature = _derivatives(answers, labels, weights)
        free = (weights > 0) | (slope < 0)
        if np.abs(slope[free]).max(initial=0) < FLAT:
            break
        step = np.zeros_like(weights)
        # members that say the same leave directions without curvature
        step[free] = -np.linalg.pinv(curvature[np.ix_(free, free)], hermitian=True) @ slope[free]
        better = _first_better(answers, labels, weights, step)
        if better is None:
            break
        weights = better
    return weights


def log_loss(answers: Floats, labels: Integers, weights: Floats) -> float:
    """Mean negative log likelihood of the fused answers."""
    return float(-fuse_predictions(answers, weights)[np.arange(len(labels)), labels].mean())


def _first_better(
    answers: Floats, labels: Integers, weights: Floats, step: Floats
) -> Floats | None:
    """Where the loss is smaller along the step, halved until it is; None if nowhere."""
    before = log_loss(answers, labels, weights)
    for halving in range(HALVINGS):
        found: Floats = np.clip(weights + step / 2**halving, 0, MAX_WEIGHT)
        if log_loss(answers, labels, found) < before:
            return found
    return None


def _derivatives(answers: Floats, labels: Integers, weights: Floats) -> tuple[Floats, Floats]:
    """Slope (members,) and curvature (members, members) of the loss."""
    probabilities = np.exp(fuse_predictions(answers, weights))
    expected = (answers * probabilities).sum(axis=2)
    slope = (expected - answers[:, np.arange(len(labels)), labels]).mean(axis=1)
    spread = answers - expected[:, :, None]
    curvature = np.einsum("inc,jnc,nc->ij", spread, spread, probabilities) / len(labels)
    return slope, curvature
