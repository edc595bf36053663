"""A linear classifier of texts by their n-grams."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gru_sentiment.arrays import Floats, Singles
from gru_sentiment.baselines.ngrams import Features, Texts


def n_weights_for(n_classes: int) -> int:
    """The number of outputs: one for two classes, else one for each class."""
    return 1 if n_classes == 2 else n_classes


@dataclass(frozen=True)
class LinearModel:
    """A linear model whose features are n-grams.

    For two classes the only output is the logit of the second class. For more, each output is the
    logit of its class against all others, and the probabilities are divided by their sum.
    """

    features: Features
    weights: Singles
    """Shape (features, outputs)."""
    bias: Singles
    """Shape (outputs,)."""

    def scores(self, texts: Texts) -> Floats:
        """Logits, shape (texts, outputs); those of a text do not depend on the other texts."""
        owners, features, values = self.features.of(texts)
        # bincount adds in the order of the features, whatever other texts there are
        sums = [
            np.bincount(owners, weights=values * column[features], minlength=len(texts[1]))
            for column in self.weights.T
        ]
        return np.stack(sums, axis=1).astype(np.float64) + self.bias

    def log_probabilities(self, texts: Texts) -> Floats:
        """Log-probabilities, shape (texts, classes)."""
        scores = self.scores(texts)
        if scores.shape[1] == 1:
            scores = np.concatenate([-scores, scores], axis=1)
        alone: Floats = -np.logaddexp(0, -scores)
        return alone - np.logaddexp.reduce(alone, axis=1, keepdims=True)
