"""Predictions of a model for encoded texts, and their scores where the classes are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np

from gru_sentiment.arrays import Booleans, Floats, Integers
from gru_sentiment.data.encoding import EncodedTexts
from gru_sentiment.data.labels import Labels
from gru_sentiment.postprocess.calibration import fit_temperature
from gru_sentiment.postprocess.joint import at_temperature
from gru_sentiment.results.metrics import Metrics
from gru_sentiment.results.predictions import LIKELIEST, Decision, Label, Prediction
from gru_sentiment.scores.metrics import Scoring
from gru_sentiment.trained.calibrated import Calibration, with_prior

TOKENS_PER_BATCH = 32_768
"""Tokens read at once: bounds the memory whatever the texts' lengths."""


@dataclass(frozen=True)
class Predictions:
    """Class probabilities for some texts, and what the model read of them."""

    label_sets: ClassVar[bool] = False
    """Whether each class is decided by itself."""

    log_probabilities: Floats
    """Shape (rows, classes), in the order of `rows`."""
    encoded: EncodedTexts
    rows: Integers
    """Indices into `encoded`, shape (rows,)."""

    def fitted_temperature(self, targets: Integers) -> float:
        """The temperature with the smallest log loss against the targets of the rows."""
        return fit_temperature(self.log_probabilities, targets)

    def at_temperature(self, temperature: float) -> Self:
        """The same classes; the higher the temperature, the more equal their probabilities."""
        return replace(self, log_probabilities=at_temperature(self.log_probabilities, temperature))

    def with_prior(self, prior: Floats | None) -> Self:
        """The same, with the shares of the classes, shape (classes,), for texts without evidence.

        These are the texts of which the vocabulary holds no token. None changes nothing.
        """
        if prior is None:
            return self
        unknown = self.encoded.without_known_token(self.rows)
        found = with_prior(self.log_probabilities, unknown, prior)
        return replace(self, log_probabilities=found)

    def calibrated(self, calibration: Calibration, beside: Predictions | None) -> Self:
        """The predictions of a network with those of its n-grams, if there are any, calibrated."""
        found = calibration.applied(
            self.log_probabilities,
            None if beside is None else beside.log_probabilities,
            self.encoded.without_known_token(self.rows),
            label_sets=self.label_sets,
        )
        return replace(self, log_probabilities=found).decided_by(calibration.thresholds)

    def decided_by(self, thresholds: Floats | None) -> Self:  # noqa: ARG002, for label sets
        """The same: the likeliest class needs no threshold."""
        return self

    def fitted_thresholds(self, targets: Integers) -> Floats | None:  # noqa: ARG002
        """None: the likeliest class needs no threshold."""
        return None

    @property
    def used_thresholds(self) -> Floats | None:
        """From which probability on each class is predicted; None for the likeliest class."""
        return None

    def correct(self, targets: Integers) -> Booleans:
        """Which rows are predicted right, shape (rows,), from the targets of the rows."""
        correct: Booleans = self.log_probabilities.argmax(axis=1) == targets
        return correct

    def predicted(self) -> Booleans:
        """Which classes any row is predicted to be of, shape (classes,)."""
        found = np.zeros(self.log_probabilities.shape[1], bool)
        found[self.log_probabilities.argmax(axis=1)] = True
        return found

    def scoring(self, labels: Labels, targets: Integers) -> Scoring:
        """Any metric of the predictions against the targets of the rows."""
        return Scoring(self.log_probabilities, targets, labels.names)

    @property
    def tokens(self) -> Integers:
        """Tokens that were read of each text, shape (rows,)."""
        return self.encoded.tokens_read(self.rows)

    def predictions(self, labels: Labels, decision: Decision = LIKELIEST) -> list[Prediction]:
        """A prediction for each row, in order; by default of the likeliest class."""
        names, rows, encoded = labels.names, self.rows, self.encoded
        probabilities = np.exp(self.log_probabilities)
        columns = (
            probabilities,
            self.tokens,
            encoded.unknown_tokens(rows),
            encoded.truncated[rows],
        )
        return [
            Prediction(
                label=label,
                probabilities=dict(zip(names, probabilities, strict=True)),
                tokens=tokens,
                unknown_tokens=unknown,
                truncated=truncated,
            )
            for label, probabilities, tokens, unknown, truncated in zip(
                self._labels(probabilities, labels, decision),
                *(column.tolist() for column in columns),
                strict=True,
            )
        ]

    def _labels(
        self, probabilities: Floats, labels: Labels, decision: Decision
    ) -> list[Label | list[Label] | None]:
        """The label of every row."""
        chosen = self.log_probabilities.argmax(axis=1)
        if decision.threshold is not None:
            chosen = np.int64(probabilities[:, 1] >= decision.threshold)
        sure = np.take_along_axis(probabilities, chosen[:, None], 1)[:, 0] >= decision.abstain
        return [
            labels.classes[best] if is_sure else decision.undecided
            for best, is_sure in zip(chosen.tolist(), sure.tolist(), strict=True)
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
        return self.scoring(labels, label_ids[self.rows]).metrics(
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
        {"row": int(row) + 1, "true": labels.label_of(label_ids[row]), **prediction.to_json()}
        for row, prediction in zip(rows, predictions, strict=True)
    ]
