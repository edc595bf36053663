"""Fusing the predictions of several models, with weights fitted on validation data."""

from __future__ import annotations

import numpy as np

from gru_sentiment.arrays import Floats, Integers
from gru_sentiment.postprocess.joint import fuse_predictions

MAX_STEPS = 100
"""Of Newton's method."""
FLAT = 1e-8
"""The loss counts as smallest where no slope is larger."""
HALVINGS = 40
"""Of one step, at most."""
SHARES = np.linspace(0, 1, 101)
"""Of the first of two members."""
MAX_WEIGHT = 1e6
"""The weights of members without errors would grow without end."""


def fit_weights(log_probabilities: Floats, labels: Integers) -> Floats:
    """The weights, 0 or more, shape (members,), with the smallest log loss.

    The loss is convex in the weights. It is minimised by projected Newton steps (Bertsekas 1982): a
    weight at 0 that would fall is left out of the step.

    Args:
        log_probabilities: shape (members, rows, classes).
        labels: class index of every row, shape (rows,).
    """
    log_probabilities = log_probabilities.astype(np.float64)
    weights = np.full(len(log_probabilities), 1 / len(log_probabilities))
    for _ in range(MAX_STEPS):
        slope, curvature = _derivatives(log_probabilities, labels, weights)
        free = (weights > 0) | (slope < 0)
        if np.abs(slope[free]).max(initial=0) < FLAT:
            break
        step = np.zeros_like(weights)
        # members with equal predictions leave directions without curvature
        step[free] = -np.linalg.pinv(curvature[np.ix_(free, free)], hermitian=True) @ slope[free]
        if not step.any():
            # probabilities of 0 and 1 leave no curvature at all: steepest descent
            step[free] = -slope[free]
        better = _first_better(log_probabilities, labels, weights, step)
        if better is None:
            break
        weights = better
    return weights


def fit_shares(log_probabilities: Floats, labels: Integers) -> Floats:
    """The weights of two members, shape (2,), that add up to 1; a temperature is fitted after them.

    They are those of `fit_weights`, divided by their sum. Where these predict every row right, they
    would grow without end, and say nothing of how the members compare: there the shares are those
    of SHARES with the smallest log loss.

    Args:
        log_probabilities: shape (2, rows, classes).
        labels: class index of every row, shape (rows,).
    """
    log_probabilities = log_probabilities.astype(np.float64)
    weights = fit_weights(log_probabilities, labels)
    if (fuse_predictions(log_probabilities, weights).argmax(axis=1) == labels).all():
        candidates = [np.array([share, 1 - share]) for share in SHARES]
        return min(candidates, key=lambda shares: log_loss(log_probabilities, labels, shares))
    total = weights.sum()
    halves: Floats = np.full(2, 0.5)
    return weights / total if total > 0 else halves


def log_loss(log_probabilities: Floats, labels: Integers, weights: Floats) -> float:
    """Mean negative log likelihood of the true classes by the fused predictions, in nats."""
    return float(
        -fuse_predictions(log_probabilities, weights)[np.arange(len(labels)), labels].mean()
    )


def _first_better(
    log_probabilities: Floats, labels: Integers, weights: Floats, step: Floats
) -> Floats | None:
    """The weights after the step, which is halved until the loss falls; None if it never does."""
    before = log_loss(log_probabilities, labels, weights)
    for halving in range(HALVINGS):
        tried: Floats = np.clip(weights + step / 2**halving, 0, MAX_WEIGHT)
        if log_loss(log_probabilities, labels, tried) < before:
            return tried
    return None


def _derivatives(
    log_probabilities: Floats, labels: Integers, weights: Floats
) -> tuple[Floats, Floats]:
    """Slope (members,) and curvature (members, members) of the loss."""
    probabilities = np.exp(fuse_predictions(log_probabilities, weights))
    expected = (log_probabilities * probabilities).sum(axis=2)
    slope = (expected - log_probabilities[:, np.arange(len(labels)), labels]).mean(axis=1)
    spread = log_probabilities - expected[:, :, None]
    curvature = np.einsum("inc,jnc,nc->ij", spread, spread, probabilities) / len(labels)
    return slope, curvature
