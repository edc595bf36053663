"""Reviews to classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from gru_sentiment.batch import Batch
from gru_sentiment.builders.model import release_layers
from gru_sentiment.builders.objective import build_objective
from gru_sentiment.builders.text import build_augmentation, build_batcher, build_unlabelled_sampler
from gru_sentiment.config.sections import Config
from gru_sentiment.data.augmentation import AugmentedBatches
from gru_sentiment.data.batching import Batches
from gru_sentiment.models.classifier import TextClassifier
from gru_sentiment.trained.scoring import LabelledSplit
from gru_sentiment.vectors.word_vectors import WordVectors

MONITORED = ("loss", "accuracy", "macro_f1", "micro_f1", "roc_auc")


class Classification:
    """Learns the classes of the split `train`, and validates on the split `validation`.

    Where there is a split `unlabelled`, texts of it are read with every batch; `soft_labels` are a
    teacher's probabilities for them, by text, shape (texts, classes). `vectors` are those that the
    training starts from.
    """

    def __init__(
        self,
        config: Config,
        splits: Mapping[str, LabelledSplit],
        vectors: WordVectors,
        device: torch.device,
        soft_labels: Tensor | None = None,
    ) -> None:
        self.config, self.device = config, device
        self.training, self.validation = splits["train"], splits["validation"]
        read = self.training.encoded.at_most(config.training.max_tokens)
        self.batcher = build_batcher(config.training, read)
        self.augmentation = build_augmentation(config.training.augmentation, vectors)
        train = self.training
        self.of_batch = build_objective(
            config.training,
            train.labels,
            train.label_ids[train.rows],
            soft_labels,
            None if train.weights is None else train.weights[train.rows],
        )
        unlabelled = splits.get("unlabelled")
        self.sampler = build_unlabelled_sampler(config, unlabelled.rows) if unlabelled else None

    def batches(self, epoch: int) -> Sequence[Batch]:
        """Texts of similar lengths together, in an order that follows from seed and epoch.

        So do the tokens that an augmentation drops or replaces.
        """
        batches = self._labelled(epoch)
        if self.sampler is not None:
            batches = self.sampler.join(batches, self._batches_before(epoch))
        if self.augmentation is None:
            return batches
        return AugmentedBatches(batches, self.augmentation, self.config.run.seed, epoch)

    def _labelled(self, epoch: int) -> Batches:
        train, seed = self.training, self.config.run.seed
        return self.batcher.shuffled(
            train.rows, train.label_ids, train.weights, seed=seed, epoch=epoch
        )

    def n_batches(self, epoch: int) -> int:
        """Every epoch may have another number where batches are filled by their tokens."""
        return self.batcher.n_shuffled(self.training.rows, seed=self.config.run.seed, epoch=epoch)

    def _batches_before(self, epoch: int) -> int:
        """Batches of all epochs before one; they need not be equally many."""
        return sum(map(self.n_batches, range(1, epoch)))

    def loss(self, model: TextClassifier, batch: Batch) -> tuple[Tensor, int | None]:
        """Cross-entropy of the classes."""
        return self.of_batch.loss_and_correct(model, batch)

    def evaluate(self, model: TextClassifier) -> dict[str, float]:
        """Scores on the validation split."""
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
