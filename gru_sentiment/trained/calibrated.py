"""From a model's log probabilities to those that are predicted. Arrays alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gru_sentiment.arrays import Booleans, Floats
from gru_sentiment.postprocess.joint import at_temperature, fuse_predictions
from gru_sentiment.scores.complement import log_complement


@dataclass(frozen=True)
class Calibration:
    """What becomes of a network's predictions."""

    temperature: float = 1.0
    """Of the probabilities."""
    prior: Floats | None = None
    """Probabilities of a text of which the vocabulary holds no token, shape (classes,)."""
    weights: Floats | None = None
    """Of network and n-grams, shape (2,)."""
    thresholds: Floats | None = None
    """The probability from which on each class of a label set is predicted, shape (classes,)."""

    def applied(
        self, own: Floats, beside: Floats | None, unknown: Booleans, *, label_sets: bool
    ) -> Floats:
        """A network's log probabilities, calibrated, shape (rows, classes).

        Args:
            own: of the network, shape (rows, classes).
            beside: of the n-grams beside it, if there are any, the same.
            unknown: the rows without a token that the vocabulary holds, shape (rows,).
            label_sets: whether each class is decided by itself.
        """
        if beside is not None and self.weights is not None:
            own = fuse_predictions(np.stack([own, beside]).astype(np.float64), self.weights)
        scaled = each_at_temperature if label_sets else at_temperature
        return with_prior(scaled(own, self.temperature), unknown, self.prior)


UNCALIBRATED = Calibration()


def with_prior(log_probabilities: Floats, unknown: Booleans, prior: Floats | None) -> Floats:
    """Log probabilities (rows, classes); those of the rows `unknown` are the prior's, if any."""
    if prior is None:
        return log_probabilities
    log_prior = np.log(prior).astype(log_probabilities.dtype)
    return np.where(unknown[:, None], log_prior, log_probabilities)


def each_at_temperature(log_probabilities: Floats, temperature: float) -> Floats:
    """Those of each class by itself, whose log odds are divided by the temperature."""
    scaled = at_temperature(pairs(log_probabilities), temperature)[:, 1]
    return scaled.reshape(log_probabilities.shape)


def pairs(log_probabilities: Floats) -> Floats:
    """Log probabilities of not being and of being of a class, shape (rows x classes, 2)."""
    own = log_probabilities.ravel()
    return np.stack([log_complement(own), own], axis=1)
