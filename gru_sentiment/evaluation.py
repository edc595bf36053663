"""A model's answers to encoded texts, and their scores where the classes are known."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from gru_sentiment.data.batching import Batcher
from gru_sentiment.data.encoding import EncodedTexts, Integers
from gru_sentiment.data.labels import Labels
from gru_sentiment.results import Metrics, Prediction
from gru_sentiment.training.metrics import classification_metrics
from gru_sentiment.training.scoring import Floats, score

TOKENS_PER_BATCH = 32_768
"""Words scored at once: bounds the memory whatever the texts' lengths."""


@dataclass(frozen=True)
class Part:
    """Encoded texts, the rows of them that are meant, and their classes if known."""

    encoded: EncodedTexts
    rows: Integers
    labels: Labels
    label_ids: Integers | None = None
    """Class index of every text of `encoded`."""

    def log_probabilities(self, model: nn.Module, device: torch.device) -> Floats:
        """Shape (rows, classes), in the order of `rows`."""
        batcher = Batcher(self.encoded, batch_size=None, tokens_per_batch=TOKENS_PER_BATCH)
        return score(model, batcher.in_order(self.rows), self.rows, device)

    def evaluate(self, model: nn.Module, device: torch.device) -> tuple[Metrics, Floats]:
        """Scores of the part, and the log probabilities that they were computed from."""
        assert self.label_ids is not None
        started = time.perf_counter()
        answers = self.log_probabilities(model, device)
        elapsed_s = time.perf_counter() - started
        tokens = int(self.encoded.lengths[self.rows].sum())
        metrics = classification_metrics(
            answers,
            self.label_ids[self.rows],
            self.labels.names,
            empty_texts=int((self.encoded.full_lengths[self.rows] == 0).sum()),
            tokens=tokens,
            elapsed_s=elapsed_s,
            tokens_per_s=tokens / elapsed_s,
        )
        return metrics, answers

    def predictions(self, answers: Floats) -> list[Prediction]:
        """What the log probabilities say of every row."""
        probabilities = np.exp(answers)
        return [
            Prediction(
                label=self.labels.classes[int(answers[i].argmax())],
                probabilities=dict(zip(self.labels.names, probabilities[i].tolist(), strict=True)),
                tokens=int(min(self.encoded.full_lengths[row], self.encoded.lengths[row])),
                unknown_tokens=self.encoded.unknown_tokens(int(row)),
                truncated=bool(self.encoded.truncated[row]),
            )
            for i, row in enumerate(self.rows)
        ]
