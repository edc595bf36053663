"""A model's answers to encoded texts, and their scores where the classes are known."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import nn

from gru_sentiment.arrays import Floats, Integers
from gru_sentiment.batch import Batch
from gru_sentiment.data.batching import Batcher
from gru_sentiment.data.encoding import EncodedTexts
from gru_sentiment.data.labels import Labels
from gru_sentiment.postprocess.calibration import at_temperature, fit_temperature
from gru_sentiment.results.metrics import Calibrated, Metrics, Reliability
from gru_sentiment.results.predictions import Prediction
from gru_sentiment.scores.metrics import classification_metrics
from gru_sentiment.training.losses import log_probabilities

TOKENS_PER_BATCH = 32_768
"""Words scored at once: bounds the memory whatever the texts' lengths."""


@dataclass(frozen=True)
class Predictions:
    """What a model says of some texts, and what it read of them."""

    log_probabilities: Floats
    """Shape (rows, classes), in the order of `rows`."""
    encoded: EncodedTexts
    rows: Integers
    """Which texts of `encoded`."""

    def at_temperature(self, temperature: float) -> Predictions:
        """The same classes, their probabilities nearer to each other the higher it is."""
        return replace(self, log_probabilities=at_temperature(self.log_probabilities, temperature))

    def predictions(self, labels: Labels, threshold: float | None = None) -> list[Prediction]:
        """One a row, in order: its likeliest class or, of two with a threshold, the second one
        where it has at least that probability.
        """
        names, rows, encoded = labels.names, self.rows, self.encoded
        probabilities = np.exp(self.log_probabilities)
        likeliest = self.log_probabilities.argmax(axis=1)
        columns = (
            likeliest if threshold is None else np.int64(probabilities[:, 1] >= threshold),
            probabilities,
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


def predict_rows(
    model: nn.Module, encoded: EncodedTexts, rows: Integers, device: torch.device
) -> Predictions:
    """A network's answers to the texts `rows`."""
    batcher = Batcher(encoded, batch_size=None, tokens_per_batch=TOKENS_PER_BATCH)
    return Predictions(score(model, batcher.in_order(rows), rows, device), encoded, rows)


def scored(
    answer: Callable[[], Predictions], labels: Labels, label_ids: Integers
) -> tuple[Metrics, Predictions]:
    """Scores of answers, with the time that giving them took, and the answers themselves."""
    started = time.perf_counter()
    answers = answer()
    return answers.metrics(labels, label_ids, time.perf_counter() - started), answers


def calibrated(
    told: Mapping[str, tuple[Metrics, Predictions]], labels: Labels, label_ids: Integers
) -> tuple[dict[str, tuple[Metrics, Predictions]], Calibrated]:
    """Scores and answers by split at the temperature that fits the validation part best."""
    raw, answers = told["validation"]
    temperature = fit_temperature(answers.log_probabilities, label_ids[answers.rows])
    found = {}
    for split, (metrics, answers) in told.items():
        warm = answers.at_temperature(temperature)
        found[split] = warm.metrics(labels, label_ids, metrics.elapsed_s), warm
    before, after = Reliability.of(raw), Reliability.of(found["validation"][0])
    return found, Calibrated(temperature, before, after)


@dataclass(frozen=True)
class LabelledSplit:
    """Encoded texts, the rows of them that are meant, and their classes."""

    encoded: EncodedTexts
    rows: Integers
    labels: Labels
    label_ids: Integers
    """Class index of every text of `encoded`."""

    def evaluate(self, model: nn.Module, device: torch.device) -> tuple[Metrics, Predictions]:
        """Scores of the part, and the answers that they were computed from."""
        return scored(
            partial(predict_rows, model, self.encoded, self.rows, device),
            self.labels,
            self.label_ids,
        )


@torch.no_grad()
def score(
    model: nn.Module, batches: Iterable[Batch], rows: Integers, device: torch.device
) -> Floats:
    """Log probabilities (rows, classes), row i for `rows[i]` whatever batch it was in.

    The model is put into evaluation mode and back.
    """
    was_training = model.training
    model.eval()
    found, answers = [], []
    for batch in batches:
        answers.append(log_probabilities(model(batch.to(device).tokens)).cpu())
        found.append(batch.rows)
    model.train(was_training)
    by_row = np.argsort(torch.cat(found).numpy(), kind="stable")
    ordered: Floats = torch.cat(answers).numpy()[by_row]
    # `by_row` sorts ascending; undo the same sort of what was asked
    return ordered[np.argsort(np.argsort(rows, kind="stable"), kind="stable")]
