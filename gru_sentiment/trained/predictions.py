"""Predictions of a model for encoded texts, and their scores where the classes are known."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from gru_sentiment.arrays import Floats, Integers
from gru_sentiment.artifact.contents import read_object
from gru_sentiment.artifact.files import AGAIN, CALIBRATION
from gru_sentiment.artifact.manifest import named, verify
from gru_sentiment.data.batching import Batcher, Batches
from gru_sentiment.data.encoding import EncodedTexts
from gru_sentiment.data.labels import Labels
from gru_sentiment.errors import ArtifactError
from gru_sentiment.postprocess.calibration import HIGHEST, LOWEST, at_temperature, fit_temperature
from gru_sentiment.postprocess.fusion import MAX_WEIGHT
from gru_sentiment.results.metrics import Calibrated, Metrics, Reliability
from gru_sentiment.results.predictions import LIKELIEST, Decision, Prediction
from gru_sentiment.scores.metrics import classification_metrics
from gru_sentiment.training.losses import log_probabilities

SCORED_SPLITS = ("validation", "test")
"""The splits that are scored at the end of a training, as far as they are there."""
FEWEST = 50
"""Rows of a validation split on which something can be fitted or chosen."""
TOKENS_PER_BATCH = 32_768
"""Tokens read at once: bounds the memory whatever the texts' lengths."""


@dataclass(frozen=True)
class Predictions:
    """Class probabilities for some texts, and what the model read of them."""

    log_probabilities: Floats
    """Shape (rows, classes), in the order of `rows`."""
    encoded: EncodedTexts
    rows: Integers
    """Indices into `encoded`, shape (rows,)."""

    def at_temperature(self, temperature: float) -> Predictions:
        """The same classes; the higher the temperature, the more equal their probabilities."""
        return replace(self, log_probabilities=at_temperature(self.log_probabilities, temperature))

    def with_prior(self, prior: Floats | None) -> Predictions:
        """The same, with the shares of the classes, shape (classes,), for texts without evidence.

        These are the texts of which the vocabulary holds no token. None changes nothing.
        """
        if prior is None:
            return self
        unknown = self.encoded.unknown_tokens(self.rows) == self.tokens
        log_prior = np.log(prior).astype(self.log_probabilities.dtype)
        found = np.where(unknown[:, None], log_prior, self.log_probabilities)
        return replace(self, log_probabilities=found)

    @property
    def tokens(self) -> Integers:
        """Tokens that were read of each text, shape (rows,)."""
        encoded, rows = self.encoded, self.rows
        read: Integers = np.minimum(encoded.full_lengths[rows], encoded.lengths[rows])
        return read

    def predictions(self, labels: Labels, decision: Decision = LIKELIEST) -> list[Prediction]:
        """A prediction for each row, in order; by default of the likeliest class."""
        names, rows, encoded = labels.names, self.rows, self.encoded
        probabilities = np.exp(self.log_probabilities)
        chosen = self.log_probabilities.argmax(axis=1)
        if decision.threshold is not None:
            chosen = np.int64(probabilities[:, 1] >= decision.threshold)
        sure = np.take_along_axis(probabilities, chosen[:, None], 1)[:, 0] >= decision.abstain
        columns = (
            chosen,
            sure,
            probabilities,
            self.tokens,
            encoded.unknown_tokens(rows),
            encoded.truncated[rows],
        )
        return [
            Prediction(
                label=labels.classes[best] if is_sure else decision.undecided,
                probabilities=dict(zip(names, probabilities, strict=True)),
                tokens=tokens,
                unknown_tokens=unknown,
                truncated=truncated,
            )
            for best, is_sure, probabilities, tokens, unknown, truncated in zip(
                *(column.tolist() for column in columns), strict=True
            )
        ]

    def lines(self, labels: Labels, label_ids: Integers) -> list[dict[str, Any]]:
        """A JSON object for each row, with its true class.

        `label_ids` are the class indices of all texts of `encoded`, shape (texts,).
        """
        return prediction_lines(self.predictions(labels), self.rows, labels, label_ids)

    def metrics(self, labels: Labels, label_ids: Integers, elapsed_s: float) -> Metrics:
        """Scores against the true classes.

        `label_ids` are the class indices of all texts of `encoded`, shape (texts,); `elapsed_s`
        are the seconds that predicting took.
        """
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
    """The lines of a file of predictions: for each row, from 1 on, its true class and prediction.

    `label_ids` are the class indices of all texts, shape (texts,); `rows` are those predicted.
    """
    return [
        {"row": int(row) + 1, "true": labels.classes[label_ids[row]], **prediction.to_json()}
        for row, prediction in zip(rows, predictions, strict=True)
    ]


def predict_rows(
    model: nn.Module, encoded: EncodedTexts, rows: Integers, device: torch.device
) -> Predictions:
    """A network's predictions for the texts `rows`."""
    batcher = Batcher(encoded, batch_size=None, tokens_per_batch=TOKENS_PER_BATCH)
    return Predictions(score(model, batcher.in_order(rows), rows, device), encoded, rows)


Scored = tuple[Metrics, Predictions]
"""The scores of predictions, and the predictions."""


def score_predictions(
    predict: Callable[[], Predictions], labels: Labels, label_ids: Integers
) -> Scored:
    """The predictions that `predict` returns, and their scores with the time that it took."""
    started = time.perf_counter()
    predictions = predict()
    elapsed_s = time.perf_counter() - started
    return predictions.metrics(labels, label_ids, elapsed_s), predictions


def calibrate(
    scored: Mapping[str, Scored], labels: Labels, label_ids: Integers, prior: Floats | None = None
) -> tuple[dict[str, Scored], Calibrated]:
    """Scores and predictions by split, at the temperature that fits the validation split best.

    On fewer than `FEWEST` rows none is fitted. `prior` is for `Predictions.with_prior`.
    """
    before, predictions = scored["validation"]
    temperature = 1.0
    if len(predictions.rows) >= FEWEST:
        temperature = fit_temperature(predictions.log_probabilities, label_ids[predictions.rows])
    calibrated = {}
    for split, (metrics, predictions) in scored.items():
        scaled = predictions.at_temperature(temperature).with_prior(prior)
        calibrated[split] = scaled.metrics(labels, label_ids, metrics.elapsed_s), scaled
    after, _ = calibrated["validation"]
    return calibrated, Calibrated(temperature, Reliability.of(before), Reliability.of(after))


@dataclass(frozen=True)
class LabelledSplit:
    """The texts of a split, encoded, and their classes."""

    encoded: EncodedTexts
    """All texts of the data set."""
    rows: Integers
    """Those of the split, shape (rows,)."""
    labels: Labels
    label_ids: Integers
    """Class index of every text of `encoded`, shape (texts,)."""

    @property
    def prior(self) -> Floats:
        """The shares of the classes in the split, shape (classes,)."""
        counts = np.bincount(self.label_ids[self.rows], minlength=len(self.labels))
        shares: Floats = counts / len(self.rows)
        return shares

    def evaluate(self, model: nn.Module, device: torch.device) -> Scored:
        """Scores of the split, and the predictions that they were computed from."""
        return score_predictions(
            partial(predict_rows, model, self.encoded, self.rows, device),
            self.labels,
            self.label_ids,
        )


@torch.no_grad()
def score(model: nn.Module, batches: Batches, rows: Integers, device: torch.device) -> Floats:
    """Log probabilities (rows, classes), row i for `rows[i]` whatever batch it was in.

    The model is in evaluation mode meanwhile.
    """
    was_training = model.training
    model.eval()
    batch_rows, by_batch = [], []
    for batch in batches:
        by_batch.append(log_probabilities(model(batch.to(device).tokens)).cpu())
        batch_rows.append(batch.rows)
    model.train(was_training)
    by_row = np.argsort(torch.cat(batch_rows).numpy(), kind="stable")
    ordered: Floats = torch.cat(by_batch).numpy()[by_row]
    # `by_row` sorts ascending; undo the same sort of `rows`
    return ordered[np.argsort(np.argsort(rows, kind="stable"), kind="stable")]


def load_temperature(folder: Path) -> float:
    """The temperature of a run's probabilities: 1 for a run that was written without one.

    Raises:
        ArtifactError: the file is missing, not the one that was written, or holds none.
    """
    path = folder / CALIBRATION
    known = _calibration(folder)
    if known is None:
        return 1.0
    value: Any = known.get("temperature")
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not LOWEST <= value <= HIGHEST:
        raise ArtifactError(
            f"{path}: temperature is {str(value)[:20]}, expected {LOWEST} to {HIGHEST:.0f}",
            hint=AGAIN,
        )
    return float(value)


def load_prior(folder: Path, classes: int) -> Floats | None:
    """The shares of the classes in a run's training split, shape (classes,); None if not stored.

    Raises:
        ArtifactError: see `load_temperature`; or there is no share of each class.
    """
    value = (_calibration(folder) or {}).get("prior")
    if value is None:
        return None
    shares = value if isinstance(value, list) else []
    if len(shares) != classes or not all(isinstance(s, float) and 0 < s < 1 for s in shares):
        raise ArtifactError(
            f"{folder / CALIBRATION}: prior is {str(value)[:40]}, expected the shares of "
            f"{classes} classes",
            hint=AGAIN,
        )
    return np.array(shares)


def load_weights(folder: Path) -> Floats:
    """The weights of network and n-grams, shape (2,).

    Raises:
        ArtifactError: see `load_temperature`; or there are none.
    """
    value = (_calibration(folder) or {}).get("weights")
    weights = value if isinstance(value, list) else []
    fine = [isinstance(w, int | float) and 0 <= w <= MAX_WEIGHT for w in weights]
    if len(weights) != 2 or not all(fine):
        raise ArtifactError(
            f"{folder / CALIBRATION}: weights are {str(value)[:40]}, expected those of network and "
            "n-grams",
            hint=AGAIN,
        )
    return np.array(weights, np.float64)


def _calibration(folder: Path) -> dict[str, Any] | None:
    """What calibration.json holds; None for a run that was written without one.

    Raises:
        ArtifactError: the file is missing, not the one that was written, or holds no object.
    """
    if not (folder / CALIBRATION).exists() and CALIBRATION not in named(folder):
        return None
    verify(folder, [CALIBRATION])
    return read_object(folder / CALIBRATION)
