"""What a training needs to know of what is learned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from torch import Tensor

from gru_sentiment.batch import Batch


class Task(Protocol):
    """An objective over the one loop."""

    def batches(self, epoch: int) -> Sequence[Batch]:
        """The batches of an epoch, counted from 1; the same ones at every call."""

    def n_batches(self, epoch: int) -> int:
        """How many `batches` has, without making them."""

    # a module's attributes have no types, and every task knows its own module
    def loss(self, model: Any, batch: Batch) -> tuple[Tensor, int | None]:
        """Mean loss of a batch, and how many of its rows were right where that means something."""

    def evaluate(self, model: Any) -> Mapping[str, float]:
        """Scores by name on held-out data, `loss` among them."""

    def begin_epoch(self, model: Any, epoch: int) -> None:
        """Called before the first batch of an epoch, and not where a resumed epoch continues."""

    def release(self, model: Any, epoch: int) -> None:
        """Called before an epoch, or the rest of it: freeze and unfreeze what is trained."""

    def to_save(self, model: Any) -> Mapping[str, Tensor]:
        """The weights that a run keeps."""
