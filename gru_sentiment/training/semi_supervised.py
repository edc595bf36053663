"""What texts without labels add to the loss: cross-entropy with a teacher's soft labels."""

from __future__ import annotations

from typing import Any

from torch import Tensor
from torch.nn import functional as F

from gru_sentiment.batch import Batch
from gru_sentiment.training.losses import ClassificationLoss, as_class_logits


class SemiSupervisedLoss(ClassificationLoss):
    """The mean loss of the rows with labels, plus a term of the rows without.

    The term is the mean cross-entropy with soft labels: self-training (Yarowsky 1995; Xie et al.
    2020), or distillation (Hinton et al. 2015). Without soft labels there is no term.

    Args:
        soft_labels: class probabilities, shape (texts, classes), by row of the source.
        weight: of the term; the loss of the labels has 1.
        options: of `ClassificationLoss`; they concern rows with labels alone.
    """

    def __init__(
        self, *, soft_labels: Tensor | None = None, weight: float = 1.0, **options: Any
    ) -> None:
        super().__init__(**options)
        self.soft_labels, self.weight = soft_labels, weight

    def of_batch(self, logits: Tensor, batch: Batch) -> Tensor:
        """Logits (batch, 1 or classes) of a batch to a scalar."""
        loss = super().of_batch(logits, batch)
        if self.soft_labels is None or not batch.unlabelled:
            return loss
        places = batch.unlabelled_places
        unlabelled = as_class_logits(logits[places])
        targets = self.soft_labels[batch.rows[places.cpu()]].to(unlabelled)
        return loss + self.weight * F.cross_entropy(unlabelled, targets)
