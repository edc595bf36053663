"""Losses over logits, and the probabilities that logits stand for."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gru_sentiment.batch import Batch


class ClassificationLoss:
    """Mean cross-entropy of a batch, for one logit (two classes) or one logit a class.

    One logit is the log odds of class 1: binary cross-entropy with logits. `class_weights`
    multiplies a row's loss by its class's weight, the batch divided by the sum of the weights;
    `label_smoothing` e moves the target of C classes to (1 - e) + e / C (Szegedy et al. 2016).
    Rows without a label are left out.
    """

    def __init__(
        self, *, class_weights: Sequence[float] | None = None, label_smoothing: float = 0.0
    ) -> None:
        self.class_weights = class_weights
        self.label_smoothing = label_smoothing

    def __call__(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Logits (batch, 1 or classes) and class indices (batch,) to a scalar."""
        weights = None
        if self.class_weights is not None:
            weights = logits.new_tensor(self.class_weights)
        return F.cross_entropy(
            as_class_logits(logits), labels, weight=weights, label_smoothing=self.label_smoothing
        )

    def of_batch(self, logits: Tensor, batch: Batch) -> Tensor:
        """Logits (batch, 1 or classes) of a batch to a scalar."""
        assert batch.labels is not None
        return self(logits, batch.labels)

    def loss_and_correct(self, model: nn.Module, batch: Batch) -> tuple[Tensor, int]:
        """The loss of a batch under `model`, and how many of its rows are classified correctly."""
        logits: Tensor = model(batch.tokens)
        return self.of_batch(logits, batch), count_correct(logits, batch)


def count_correct(logits: Tensor, batch: Batch) -> int:
    """How many rows of a batch are classified correctly."""
    assert batch.labels is not None
    return int((predicted_classes(logits.detach()) == batch.labels).sum())


def as_class_logits(logits: Tensor) -> Tensor:
    """One logit l as the two logits (0, l), of which softmax gives the same probabilities."""
    return torch.cat([torch.zeros_like(logits), logits], dim=1) if logits.shape[1] == 1 else logits


def log_probabilities(logits: Tensor) -> Tensor:
    """Logits (batch, 1 or classes) to log probabilities (batch, classes), in float64."""
    return torch.log_softmax(as_class_logits(logits.double()), dim=1)


def predicted_classes(logits: Tensor) -> Tensor:
    """The likeliest class of every row, shape (batch,); ties go to the first."""
    return as_class_logits(logits).argmax(dim=1)
