"""Reviews to classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from gru_sentiment.batch import Batch
from gru_sentiment.build import build_batcher, build_objective, release_layers
from gru_sentiment.config import Config
from gru_sentiment.evaluation import Part
from gru_sentiment.models.classifier import TextClassifier

MONITORED = ("loss", "accuracy", "macro_f1", "roc_auc")


class Classification:
    """The config's classification of the part `train`, validated on the part `validation`."""

    def __init__(self, config: Config, parts: Mapping[str, Part], device: torch.device) -> None:
        self.config, self.device = config, device
        self.part, self.validation = parts["train"], parts["validation"]
        self.batcher = build_batcher(config.training, self.part.encoded)
        labels = self.part.label_ids[self.part.rows]
        self.of_batch = build_objective(config.training, labels, len(self.part.labels))

    def batches(self, epoch: int) -> Sequence[Batch]:
        """Texts of similar lengths together, in an order that follows from seed and epoch."""
        rows, seed = self.part.rows, self.config.run.seed
        return self.batcher.shuffled(rows, self.part.label_ids, seed=seed, epoch=epoch)

    def n_batches(self, epoch: int) -> int:
        """Every epoch may have another number where a batch holds so many words."""
        return self.batcher.n_shuffled(self.part.rows, seed=self.config.run.seed, epoch=epoch)

    def loss(self, model: TextClassifier, batch: Batch) -> tuple[Tensor, int | None]:
        """Cross-entropy of the classes."""
        return self.of_batch.of_model(model, batch)

    def evaluate(self, model: TextClassifier) -> dict[str, float]:
        """Scores on the validation part."""
        metrics, _ = self.validation.evaluate(model, self.device)
        scores = {name: getattr(metrics, name) for name in MONITORED}
        return {name: value for name, value in scores.items() if value is not None}

    def begin_epoch(self, model: TextClassifier, epoch: int) -> None:
        """Nothing: texts know nothing of each other."""

    def release(self, model: TextClassifier, epoch: int) -> None:
        """Freeze what this epoch does not train yet."""
        release_layers(self.config, model, epoch)

    def to_save(self, model: TextClassifier) -> Mapping[str, Tensor]:
        """All of it."""
        return model.state_dict()
