"""What texts without labels add to the loss: a teacher's answers, and being sure."""

from __future__ import annotations

from typing import Any

from torch import Tensor
from torch.nn import functional as F

from gru_sentiment.batch import Batch
from gru_sentiment.training.losses import ClassificationLoss, as_class_logits


class SemiSupervisedLoss(ClassificationLoss):
    """The loss of the rows with labels plus terms of those without, each a mean over its rows.

    Args:
        soft_labels: class probabilities that a teacher gives, shape (texts, classes), by row of
            the source; None where there is no teacher. Cross-entropy with them is self-training
            on soft labels, or distillation (Hinton et al. 2015; Xie et al. 2020).
        weight: of that cross-entropy.
        entropy_weight: of the entropy of the model's own answers (Grandvalet & Bengio 2005).
        options: of `ClassificationLoss`; they concern rows with labels alone.
    """

    def __init__(
        self,
        *,
        soft_labels: Tensor | None = None,
        weight: float = 1.0,
        entropy_weight: float = 0.0,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.soft_labels, self.weight, self.entropy_weight = soft_labels, weight, entropy_weight

    def of_batch(self, logits: Tensor, batch: Batch) -> Tensor:
        """Logits (batch, 1 or classes) of a batch to a scalar."""
        total = super().of_batch(logits, batch)
        if not batch.unlabelled:
            return total
        places = batch.unlabelled_places
        answers = as_class_logits(logits[places])
        if self.soft_labels is not None:
            targets = self.soft_labels[batch.rows[places.cpu()]].to(answers)
            total = total + self.weight * F.cross_entropy(answers, targets)
        if self.entropy_weight:
            total = total + self.entropy_weight * entropy(answers)
        return total


def entropy(logits: Tensor) -> Tensor:
    """Mean entropy of the answers that logits (batch, classes) stand for, in nats."""
    log_p = logits.log_softmax(dim=1)
    return -(log_p.exp() * log_p).sum(dim=1).mean()
