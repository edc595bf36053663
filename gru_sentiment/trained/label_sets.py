"""Predictions where a text has any number of classes: each class is decided by itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np

from gru_sentiment.arrays import Booleans, Floats, Integers
from gru_sentiment.data.labels import Labels
from gru_sentiment.postprocess.calibration import fit_temperature
from gru_sentiment.postprocess.criterion import Criterion
from gru_sentiment.postprocess.thresholds import find_threshold
from gru_sentiment.results.predictions import Decision, Label
from gru_sentiment.scores.label_sets import LabelSetScoring
from gru_sentiment.scores.metrics import Scoring
from gru_sentiment.trained.calibrated import each_at_temperature, pairs
from gru_sentiment.trained.predictions import Predictions

HALF = 0.5
"""The threshold of a class for which none was fitted."""
FEWEST = 5
"""Rows of a class from which its threshold is fitted."""
HIGHEST_F1 = Criterion("f1", "f1", of=1)


@dataclass(frozen=True)
class LabelSetPredictions(Predictions):
    """`log_probabilities` are those of each class by itself: a row's do not add up to 1."""

    label_sets: ClassVar[bool] = True
    thresholds: Floats | None = None
    """The probability from which on each class is predicted, shape (classes,); None is `HALF`."""

    def fitted_temperature(self, targets: Integers) -> float:
        """The temperature with the smallest log loss, every class of every row alike."""
        return fit_temperature(pairs(self.log_probabilities), targets.ravel())

    def at_temperature(self, temperature: float) -> Self:
        """The same classes at a threshold of 0.5; the log odds are divided by the temperature."""
        scaled = each_at_temperature(self.log_probabilities, temperature)
        return replace(self, log_probabilities=scaled)

    def fitted_thresholds(self, targets: Integers) -> Floats:
        """For each class the threshold with the highest F1, shape (classes,).

        It is `HALF` for a class of fewer than `FEWEST` rows.
        """
        columns = zip(np.exp(self.log_probabilities).T, targets.T, strict=True)
        return np.array(
            [
                find_threshold(of_class, true, HIGHEST_F1) if true.sum() >= FEWEST else HALF
                for of_class, true in columns
            ]
        )

    def decided_by(self, thresholds: Floats | None) -> Self:
        """The same with these thresholds."""
        return replace(self, thresholds=thresholds)

    @property
    def used_thresholds(self) -> Floats:
        """The probability from which on each class is predicted, shape (classes,)."""
        if self.thresholds is not None:
            return self.thresholds
        return np.full(self.log_probabilities.shape[1], HALF)

    def correct(self, targets: Integers) -> Booleans:
        """Which rows are predicted to have exactly their classes, shape (rows,)."""
        correct: Booleans = np.all(self._chosen() == (targets == 1), axis=1)
        return correct

    def predicted(self) -> Booleans:
        """Which classes any row is predicted to have, shape (classes,)."""
        found: Booleans = np.any(self._chosen(), axis=0)
        return found

    def scoring(self, labels: Labels, targets: Integers) -> Scoring:
        """Any metric of the predictions against the targets of the rows."""
        return LabelSetScoring(self.log_probabilities, targets, labels.names, self._chosen())

    def _labels(
        self,
        probabilities: Floats,  # noqa: ARG002, follow from the log probabilities
        labels: Labels,
        decision: Decision,
    ) -> list[Label | list[Label] | None]:
        return [labels.label_of(of_row) for of_row in self._chosen(decision.threshold)]

    def _chosen(self, threshold: float | None = None) -> Booleans:
        """Which classes each row is predicted to have, shape (rows, classes)."""
        least = self.used_thresholds if threshold is None else threshold
        chosen: Booleans = np.exp(self.log_probabilities) >= least
        return chosen
