"""Log probabilities of several models added up, and divided by a temperature."""

from __future__ import annotations

import numpy as np

from gru_sentiment.arrays import Floats


def fuse_predictions(log_probabilities: Floats, weights: Floats) -> Floats:
    """Fused log probabilities, shape (rows, classes).

    The members' log probabilities are summed by weight and normalised again; for two classes that
    is a weighted sum of logits.

    Args:
        log_probabilities: shape (members, rows, classes).
        weights: shape (members,).
    """
    # member by member: the sum of a row does not depend on the rows around it
    summed: Floats = sum(
        (weight * of_member for weight, of_member in zip(weights, log_probabilities, strict=True)),
        start=np.zeros(log_probabilities.shape[1:]),
    )
    return summed - np.logaddexp.reduce(summed, axis=1, keepdims=True)


def at_temperature(log_probabilities: Floats, temperature: float) -> Floats:
    """Log probabilities (rows, classes) divided by a temperature and normalised again.

    Every row keeps its likeliest class; a temperature of 1 changes nothing.
    """
    if temperature == 1:
        return log_probabilities
    scaled = fuse_predictions(log_probabilities[None], np.array([1 / temperature]))
    best = log_probabilities.argmax(axis=1)
    # rounding may make another class as likely as the first
    equal = np.flatnonzero(scaled.argmax(axis=1) != best)
    scaled[equal, best[equal]] = np.nextafter(scaled[equal].max(axis=1), np.inf)
    return scaled
