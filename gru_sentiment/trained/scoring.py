"""A network's predictions for splits, their scores, and what is fitted on the validation split."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from gru_sentiment.arrays import Floats, Integers, Singles
from gru_sentiment.data.batching import Batcher, Batches
from gru_sentiment.data.encoding import EncodedTexts
from gru_sentiment.data.labels import Labels
from gru_sentiment.results.metrics import Calibrated, Metrics, Reliability
from gru_sentiment.trained.label_sets import LabelSetPredictions
from gru_sentiment.trained.predictions import TOKENS_PER_BATCH, Predictions
from gru_sentiment.training.losses import log_odds_probabilities, log_probabilities

SCORED_SPLITS = ("validation", "test")
"""The splits that are scored at the end of a training, as far as they are there."""
FEWEST = 50
"""Rows of a validation split on which something can be fitted or chosen."""


def predict_rows(
    model: nn.Module,
    encoded: EncodedTexts,
    rows: Integers,
    device: torch.device,
    *,
    label_sets: bool = False,
    tokens_per_batch: int | None = None,
) -> Predictions:
    """A network's predictions for the texts `rows`; with `label_sets` of each class by itself."""
    batcher = Batcher(
        encoded, batch_size=None, tokens_per_batch=tokens_per_batch or TOKENS_PER_BATCH
    )
    batches = batcher.in_order(rows)
    if label_sets:
        scored = score(model, batches, rows, device, log_odds_probabilities)
        return LabelSetPredictions(scored, encoded, rows)
    return Predictions(score(model, batches, rows, device), encoded, rows)


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

    So are the thresholds of label sets. On fewer than `FEWEST` rows none is fitted. `prior` is for
    `Predictions.with_prior`.
    """
    before, validated = scored["validation"]
    targets, temperature = label_ids[validated.rows], 1.0
    thresholds = None
    if len(validated.rows) >= FEWEST:
        temperature = validated.fitted_temperature(targets)
        thresholds = validated.at_temperature(temperature).fitted_thresholds(targets)
    calibrated = {}
    for split, (metrics, predictions) in scored.items():
        scaled = predictions.at_temperature(temperature).with_prior(prior).decided_by(thresholds)
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
    """Target of every text of `encoded`, shape (texts,) or (texts, classes)."""
    weights: Singles | None = None
    """How often every text counts in training, shape (texts,); None where all count once."""

    @property
    def prior(self) -> Floats:
        """The shares of the classes in the split, shape (classes,), between 0 and 1."""
        counts = self.labels.counts(self.label_ids[self.rows])
        if self.labels.label_sets:
            return (counts + 0.5) / (len(self.rows) + 1)
        shares: Floats = counts / len(self.rows)
        return shares

    def evaluate(self, model: nn.Module, device: torch.device) -> Scored:
        """Scores of the split, and the predictions that they were computed from."""
        return score_predictions(
            partial(
                predict_rows,
                model,
                self.encoded,
                self.rows,
                device,
                label_sets=self.labels.label_sets,
            ),
            self.labels,
            self.label_ids,
        )


@torch.no_grad()
def score(
    model: nn.Module,
    batches: Batches,
    rows: Integers,
    device: torch.device,
    of_logits: Callable[[Tensor], Tensor] = log_probabilities,
) -> Floats:
    """Log probabilities (rows, classes), row i for `rows[i]` whatever batch it was in.

    The model is in evaluation mode meanwhile.
    """
    was_training = model.training
    model.eval()
    batch_rows, by_batch = [], []
    for batch in batches:
        by_batch.append(of_logits(model(batch.to(device).tokens)).cpu())
        batch_rows.append(batch.rows)
    model.train(was_training)
    by_row = np.argsort(torch.cat(batch_rows).numpy(), kind="stable")
    ordered: Floats = torch.cat(by_batch).numpy()[by_row]
    # `by_row` sorts ascending; undo the same sort of `rows`
    return ordered[np.argsort(np.argsort(rows, kind="stable"), kind="stable")]
