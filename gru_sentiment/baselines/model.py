"""A linear classifier of texts: the sum of a weight for every n-gram."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gru_sentiment.arrays import Floats, Singles
from gru_sentiment.baselines.ngrams import Features, Texts


def n_weights_for(n_classes: int) -> int:
    """Scores a text: one for two classes, else one a class."""
    return 1 if n_classes == 2 else n_classes


@dataclass(frozen=True)
class LinearModel:
    """Scores of n-grams, summed.

    With two classes the one output is the logit of the second; with more, each output is the logit
    of its class against the rest, and the probabilities are divided by their sum.
    """

    features: Features
    weights: Singles
    """Shape (features, outputs)."""
    bias: Singles
    """Shape (outputs,)."""

    def scores(self, texts: Texts) -> Floats:
        """Logits, shape (texts, outputs); a text's do not depend on the texts around it."""
        owners, features, values = self.features.of(texts)
        # bincount adds one after the other, in the order of the features
        sums = [
            np.bincount(owners, weights=values * column[features], minlength=len(texts[1]))
            for column in self.weights.T
        ]
        return np.stack(sums, axis=1).astype(np.float64) + self.bias

    def log_probabilities(self, texts: Texts) -> Floats:
        """Shape (texts, classes)."""
        scores = self.scores(texts)
        if scores.shape[1] == 1:
            scores = np.concatenate([-scores, scores], axis=1)
        alone: Floats = -np.logaddexp(0, -scores)
        return alone - np.logaddexp.reduce(alone, axis=1, keepdims=True)
