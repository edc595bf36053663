"""A model's answers to encoded texts, and their scores where the classes are known."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import nn

from gru_sentiment.data.batching import Batcher
from gru_sentiment.data.encoding import EncodedTexts, Integers
from gru_sentiment.data.labels import Labels
from gru_sentiment.evaluation_results import Metrics
from gru_sentiment.results import Prediction
from gru_sentiment.scores.metrics import classification_metrics
from gru_sentiment.training.scoring import Floats, score

TOKENS_PER_BATCH = 32_768
"""Words scored at once: bounds the memory whatever the texts' lengths."""


@dataclass(frozen=True)
class Answers:
    """What a model says of some texts, and what it read of them."""

    log_probabilities: Floats
    """Shape (rows, classes), in the order of `rows`."""
    encoded: EncodedTexts
    rows: Integers
    """Which texts of `encoded`."""

    def predictions(self, labels: Labels) -> list[Prediction]:
        """One a row, in order."""
        names, rows, encoded = labels.names, self.rows, self.encoded
        columns = (
            self.log_probabilities.argmax(axis=1),
            np.exp(self.log_probabilities),
            np.minimum(encoded.full_lengths[rows], encoded.lengths[rows]),
            encoded.unknown_tokens(rows),
            encoded.truncated[rows],
        )
        return [
            Prediction(
                label=labels.classes[best],
                probabilities=dict(zip(names, probabilities, strict=True)),
                tokens=tokens,
                unknown_tokens=unknown,
                truncated=truncated,
            )
            for best, probabilities, tokens, unknown, truncated in zip(
                *(column.tolist() for column in columns), strict=True
            )
        ]

    def lines(self, labels: Labels, label_ids: Integers) -> list[dict[str, Any]]:
        """A JSON object a row, with its true class; `label_ids` has one a text of `encoded`."""
        return prediction_lines(self.predictions(labels), self.rows, labels, label_ids)

    def metrics(self, labels: Labels, label_ids: Integers, elapsed_s: float) -> Metrics:
        """Scores against class indices, one a text of `encoded`; `elapsed_s` is what it took."""
        tokens = int(self.encoded.lengths[self.rows].sum())
        return classification_metrics(
            self.log_probabilities,
            label_ids[self.rows],
            labels.names,
            empty_texts=int((self.encoded.full_lengths[self.rows] == 0).sum()),
            tokens=tokens,
            elapsed_s=elapsed_s,
            tokens_per_s=tokens / elapsed_s,
        )


def prediction_lines(
    predictions: Sequence[Prediction], rows: Integers, labels: Labels, label_ids: Integers
) -> list[dict[str, Any]]:
    """What a file of predictions holds: a line a row, its true class beside the answer.

    `label_ids` has one class index a text, of which `rows` are those predicted.
    """
    return [
        {"row": int(row), "true": labels.classes[label_ids[row]], **prediction.to_json()}
        for row, prediction in zip(rows, predictions, strict=True)
    ]


def answers_of(
    model: nn.Module, encoded: EncodedTexts, rows: Integers, device: torch.device
) -> Answers:
    """A network's answers to the texts `rows`."""
    batcher = Batcher(encoded, batch_size=None, tokens_per_batch=TOKENS_PER_BATCH)
    return Answers(score(model, batcher.in_order(rows), rows, device), encoded, rows)


def scored(
    answer: Callable[[], Answers], labels: Labels, label_ids: Integers
) -> tuple[Metrics, Answers]:
    """Scores of answers, with the time that giving them took, and the answers themselves."""
    started = time.perf_counter()
    answers = answer()
    return answers.metrics(labels, label_ids, time.perf_counter() - started), answers


@dataclass(frozen=True)
class Part:
    """Encoded texts, the rows of them that are meant, and their classes."""

    encoded: EncodedTexts
    rows: Integers
    labels: Labels
    label_ids: Integers
    """Class index of every text of `encoded`."""

    def evaluate(self, model: nn.Module, device: torch.device) -> tuple[Metrics, Answers]:
        """Scores of the part, and the answers that they were computed from."""
        return scored(
            partial(answers_of, model, self.encoded, self.rows, device),
            self.labels,
            self.label_ids,
        )
