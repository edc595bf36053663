"""Our side of the comparison with the article's program: its recipe, and the package's own loop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.optim import Optimizer

from gru_sentiment.batch import Batch
from gru_sentiment.builders.corpus import Corpus, build_corpus
from gru_sentiment.builders.model import build_model
from gru_sentiment.builders.objective import build_loss
from gru_sentiment.builders.optimisation import build_optimizer, build_schedule, build_stopping
from gru_sentiment.builders.text import build_encoded, build_vectors, build_vocabulary
from gru_sentiment.config.sections import Config
from gru_sentiment.data.encoding import EncodedTexts
from gru_sentiment.models.classifier import TextClassifier
from gru_sentiment.trainer.initialisation import initial_weights
from gru_sentiment.training.loop import train_epochs
from gru_sentiment.training.snapshot import TrainingState

CPU = torch.device("cpu")


@dataclass(frozen=True)
class Ours:
    """Our side, ready to train."""

    config: Config
    corpus: Corpus
    encoded: EncodedTexts
    model: TextClassifier
    optimizer: Optimizer

    @property
    def rows(self) -> np.ndarray[Any, np.dtype[np.int64]]:
        """Of the training part."""
        return self.corpus.splits["train"]


def prepare(config: Config) -> Ours:
    """What the train recipe does before its first batch."""
    corpus = build_corpus(config)
    counts = corpus.tokenized.counts(corpus.splits["train"])
    vocabulary = build_vocabulary(config.text, counts)
    vectors = build_vectors(config.vectors, vocabulary)
    weights = torch.from_numpy(initial_weights(vectors, config.run.seed))
    model = build_model(config, weights, len(corpus.labels), CPU)
    encoded = build_encoded(config.text, corpus.tokenized, vocabulary)
    return Ours(config, corpus, encoded, model, build_optimizer(config.training, model))


def train(ours: Ours, batches: Sequence[Batch]) -> float:
    """Seconds of the package's own loop over `batches`, which are packed in it."""
    config = ours.config.training
    label_ids = ours.corpus.label_ids[ours.rows]
    loss = build_loss(config, ours.corpus.labels, label_ids)
    schedule = build_schedule(config, ours.optimizer, len(batches))
    (record,) = train_epochs(
        TrainingState(ours.model, ours.optimizer, schedule, build_stopping(config)),
        lambda epoch: batches,  # noqa: ARG005
        loss.loss_and_correct,
        lambda model: {"loss": 0.0},  # noqa: ARG005
        epochs=1,
        device=CPU,
        clip_norm=config.clip_norm,
    )
    return record.elapsed_s
