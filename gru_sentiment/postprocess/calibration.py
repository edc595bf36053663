"""Probabilities as sure as they may be: one temperature, from validation data (Guo et al. 2017)."""

from __future__ import annotations

import numpy as np

from gru_sentiment.arrays import Floats, Integers
from gru_sentiment.postprocess.fusion import fit_weights, fuse_predictions

LOWEST, HIGHEST = 0.05, 20.0
"""Temperatures, whatever a small validation part says."""


def fit_temperature(answers: Floats, labels: Integers) -> float:
    """The temperature at which answers have the smallest log loss, LOWEST to HIGHEST.

    It is 1 over the weight of a fusion of one. 1 where every row is right: the surer, the smaller
    is the loss then, and nothing says how sure is too sure; and where an answer is not a number.

    Args:
        answers: log probabilities, shape (rows, classes).
        labels: class index of every row, shape (rows,).
    """
    if not np.isfinite(answers).all() or (answers.argmax(axis=1) == labels).all():
        return 1.0
    (weight,) = fit_weights(answers[None], labels)
    # the loss is convex in the weight: cut to what is allowed, it is no larger than at 1
    return float(1 / np.clip(weight, 1 / HIGHEST, 1 / LOWEST))


def at_temperature(answers: Floats, temperature: float) -> Floats:
    """Log probabilities (rows, classes) divided by a temperature and normalised again.

    Every row keeps its likeliest class; at 1 all stays as it is.
    """
    if temperature == 1:
        return answers
    found = fuse_predictions(answers[None], np.array([1 / temperature]))
    best = answers.argmax(axis=1)
    # rounding may make a second class as likely as the first
    equal = np.flatnonzero(found.argmax(axis=1) != best)
    found[equal, best[equal]] = np.nextafter(found[equal].max(axis=1), np.inf)
    return found
