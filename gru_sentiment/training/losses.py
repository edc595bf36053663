"""Losses over logits, and the probabilities that logits stand for."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gru_sentiment.arrays import NO_LABEL
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

    def __call__(self, logits: Tensor, labels: Tensor, weights: Tensor | None = None) -> Tensor:
        """Logits (batch, 1 or classes) and class indices (batch,) to a scalar.

        A row with a weight of 2, shape (batch,), counts as if it stood in the batch twice.
        """
        of_classes = None
        if self.class_weights is not None:
            of_classes = logits.new_tensor(self.class_weights)
        if weights is None:
            return self._cross_entropy(logits, labels, of_classes, "mean")
        # sum of w_i c_i loss_i over sum of w_i c_i, with weights w of rows and c of their classes
        terms = weights * self._cross_entropy(logits, labels, of_classes, "none")
        known = labels.ne(NO_LABEL)
        counted = weights * known
        if of_classes is not None:
            counted = counted * of_classes[labels.where(known, 0)]
        return terms.sum() / counted.sum()

    def _cross_entropy(
        self, logits: Tensor, labels: Tensor, of_classes: Tensor | None, reduction: str
    ) -> Tensor:
        return F.cross_entropy(
            as_class_logits(logits),
            labels,
            weight=of_classes,
            label_smoothing=self.label_smoothing,
            reduction=reduction,
        )

    def of_batch(self, logits: Tensor, batch: Batch) -> Tensor:
        """Logits (batch, 1 or classes) of a batch to a scalar."""
        assert batch.labels is not None
        return self(logits, batch.labels, batch.weights)

    def count_correct(self, logits: Tensor, batch: Batch) -> int:
        """How many rows of a batch are classified correctly."""
        assert batch.labels is not None
        return int((predicted_classes(logits.detach()) == batch.labels).sum())

    def loss_and_correct(self, model: nn.Module, batch: Batch) -> tuple[Tensor, int]:
        """The loss of a batch under `model`, and how many of its rows are classified correctly."""
        logits: Tensor = model(batch.tokens)
        return self.of_batch(logits, batch), self.count_correct(logits, batch)


class LabelSetLoss(ClassificationLoss):
    """Mean binary cross-entropy of a batch over rows and classes, for any number of classes a row.

    Each class has a logit of its own. `class_weights` multiplies the loss of a class where a row is
    of it; `label_smoothing` e moves the targets 0 and 1 to e / 2 and 1 - e / 2.
    """

    def __call__(self, logits: Tensor, labels: Tensor, weights: Tensor | None = None) -> Tensor:
        """Logits and 1 for each class of a row, both (batch, classes), to a scalar."""
        targets = labels.to(logits.dtype)
        smoothed = targets * (1 - self.label_smoothing) + self.label_smoothing / 2
        of_classes = None
        if self.class_weights is not None:
            of_classes = 1 + targets * (logits.new_tensor(self.class_weights) - 1)
        terms = F.binary_cross_entropy_with_logits(
            logits, smoothed, weight=of_classes, reduction="none"
        ).mean(dim=1)
        return terms.mean() if weights is None else (weights * terms).sum() / weights.sum()

    def count_correct(self, logits: Tensor, batch: Batch) -> int:
        """How many rows have exactly the classes whose probability is at least a half."""
        assert batch.labels is not None
        return int(((logits.detach() >= 0) == (batch.labels == 1)).all(dim=1).sum())


def as_class_logits(logits: Tensor) -> Tensor:
    """One logit l as the two logits (0, l), of which softmax gives the same probabilities."""
    return torch.cat([torch.zeros_like(logits), logits], dim=1) if logits.shape[1] == 1 else logits


def log_probabilities(logits: Tensor) -> Tensor:
    """Logits (batch, 1 or classes) to log probabilities (batch, classes), in float64."""
    return torch.log_softmax(as_class_logits(logits.double()), dim=1)


def log_odds_probabilities(logits: Tensor) -> Tensor:
    """Logits (batch, classes), one for each class by itself, to log probabilities in float64."""
    return F.logsigmoid(logits.double())


def predicted_classes(logits: Tensor) -> Tensor:
    """The likeliest class of every row, shape (batch,); ties go to the first."""
    return as_class_logits(logits).argmax(dim=1)
