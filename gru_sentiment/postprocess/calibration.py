"""Temperature scaling of probabilities, fitted on validation data (Guo et al. 2017)."""

from __future__ import annotations

import numpy as np

from gru_sentiment.arrays import Floats, Integers
from gru_sentiment.postprocess.fusion import fit_weights

LOWEST, HIGHEST = 0.05, 20.0
"""Bounds of the temperature, for validation splits that are too small to choose one."""


def fit_temperature(log_probabilities: Floats, labels: Integers) -> float:
    """The temperature with the smallest log loss, from LOWEST to HIGHEST.

    It is 1 over the weight of a fusion with one member. It is 1 where every row is predicted right,
    since the loss falls then without end as the temperature falls, and where a log probability is
    not a number.

    Args:
        log_probabilities: shape (rows, classes).
        labels: class index of every row, shape (rows,).
    """
    correct = log_probabilities.argmax(axis=1) == labels
    if correct.all() or not np.isfinite(log_probabilities).all():
        return 1.0
    (weight,) = fit_weights(log_probabilities[None], labels)
    # the loss is convex in the weight: clipped to its bounds, it is no larger than at 1
    return float(1 / np.clip(weight, 1 / HIGHEST, 1 / LOWEST))
