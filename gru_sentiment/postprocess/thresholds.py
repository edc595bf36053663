"""The probability from which a text is given the second of two classes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gru_sentiment.arrays import Booleans, Floats, Integers
from gru_sentiment.errors import DataError
from gru_sentiment.postprocess.criterion import Criterion
from gru_sentiment.results.evaluation import FoundThreshold, ThresholdScores

DEFAULT = 0.5
"""The threshold that gives every text its likelier class."""
BELOW_ONE = math.nextafter(1, 0)
COUNTERPART = {"precision": "recall", "recall": "precision"}
"""What is made large where the other must only reach its minimum."""
VALIDATION = "validation"


@dataclass(frozen=True)
class ChosenThreshold:
    """A threshold chosen on the validation split, and what it was chosen from."""

    threshold: float
    """Of the second class's probability."""
    criterion: Criterion
    classes: Sequence[str]
    """Both classes, by index."""
    probabilities: Floats
    """Of the second class, for every validation row, shape (rows,)."""
    labels: Integers
    """Class index of every validation row, shape (rows,)."""

    @classmethod
    def by(
        cls, criterion: Criterion, classes: Sequence[str], probabilities: Floats, labels: Integers
    ) -> ChosenThreshold:
        """Choose a threshold on validation rows.

        Args:
            criterion: what it is chosen by.
            classes: both classes, by index.
            probabilities: shape (rows, classes).
            labels: class indices, shape (rows,).

        Raises:
            DataError: no threshold reaches the criterion's minimum, or its class has no rows.
        """
        of_second = probabilities[:, 1]
        threshold = find_threshold(of_second, labels, criterion)
        return cls(threshold, criterion, classes, of_second, labels)

    def scores_on(self, name: str, log_probabilities: Floats, labels: Integers) -> FoundThreshold:
        """The threshold with its scores, and those of 0.5, on the validation rows and on others.

        Args:
            name: of the other rows; those called `validation` are not scored a second time.
            log_probabilities: shape (rows, classes).
            labels: class indices, shape (rows,).
        """
        rows = {VALIDATION: (self.probabilities, self.labels)}
        rows.setdefault(name, (np.exp(log_probabilities[:, 1]), labels))
        return FoundThreshold(
            by=self.criterion.text,
            positive=self.classes[1],
            threshold=self.threshold,
            of=self.classes[self.criterion.of],
            scores=[
                scores_at(name, probabilities, labels, threshold, self.criterion.of)
                for name, (probabilities, labels) in rows.items()
                for threshold in dict.fromkeys([DEFAULT, self.threshold])
            ],
        )


def find_threshold(probabilities: Floats, labels: Integers, criterion: Criterion) -> float:
    """The threshold that meets the criterion best, between 0 and 1.

    A row is of the second class where its probability is at least the threshold. Of equally good
    thresholds the nearest to 0.5 is chosen, as a number of few digits.

    Args:
        probabilities: of the second class, shape (rows,).
        labels: class indices, shape (rows,).
        criterion: what the threshold is chosen by.

    Raises:
        DataError: no threshold reaches the criterion's minimum, or its class has no rows.
    """
    if not (labels == criterion.of).any():
        raise DataError(
            f"--threshold {criterion.text}: no validation row is of that class",
            hint="train with a larger data.validation_size",
        )
    # one threshold below every distinct probability and one above all, if between 0 and 1
    distinct = np.unique(probabilities)
    low, high = np.append(0, distinct), np.minimum(np.append(distinct, 1), BELOW_ONE)
    possible = low < high
    low, high = low[possible], high[possible]
    scores = _scores(probabilities, labels, high, criterion.of)
    values = scores[criterion.metric]
    ranked_by = values
    if criterion.at_least is not None:
        reached = values >= criterion.at_least
        if not reached.any():
            raise DataError(
                f"--threshold {criterion.text}: no threshold reaches it on the validation split; "
                f"the best one reaches {values.max():.6g}",
                hint=f"ask for less: {criterion.text.rpartition('=')[0]}=NUMBER",
            )
        ranked_by = np.where(reached, scores[COUNTERPART[criterion.metric]], -1)
    distance = np.maximum(np.maximum(low - DEFAULT, DEFAULT - high), 0)
    best = np.lexsort((distance, -values, -ranked_by))[0]
    return _between(float(low[best]), float(high[best]))


def scores_at(
    data: str, probabilities: Floats, labels: Integers, threshold: float, of: int
) -> ThresholdScores:
    """Scores of rows that are of the second class where it has at least this probability.

    Args:
        data: the name of the rows: a split, or a file.
        probabilities: of the second class, shape (rows,).
        labels: class indices, shape (rows,).
        threshold: the probability.
        of: index of the class whose precision, recall and F1 are computed.
    """
    scores = _scores(probabilities, labels, np.array([threshold]), of)
    values: dict[str, Any] = {name: float(at[0]) for name, at in scores.items()}
    if not (labels == of).any():  # as everywhere: a class without rows has no scores
        values |= dict.fromkeys(("precision", "recall", "f1"))
    return ThresholdScores(data, threshold, **values)


def _scores(
    probabilities: Floats, labels: Integers, thresholds: Floats, of: int
) -> dict[str, Floats]:
    """Every metric at every threshold, shape (thresholds,); 0 where the denominator is 0."""

    def predicted(rows: Booleans) -> Integers:
        """How many of the rows are predicted to be of class `of`."""
        below = np.searchsorted(np.sort(probabilities[rows]), thresholds, side="left")
        return below if of == 0 else np.count_nonzero(rows) - below

    true = labels == of
    right, wrong = predicted(true), predicted(~true)
    rows, others = np.count_nonzero(true), np.count_nonzero(~true)
    return {
        "accuracy": (right + others - wrong) / len(labels),
        "precision": right / np.maximum(right + wrong, 1),
        "recall": right / np.maximum(rows, 1),
        "f1": 2 * right / np.maximum(right + wrong + rows, 1),
    }


def _between(low: float, high: float) -> float:
    """A number above `low` and not above `high`: 0.5, else the middle to as few digits as do."""
    if low < DEFAULT <= high:
        return DEFAULT
    middle = (low + high) / 2
    rounded = (round(middle, digits) for digits in range(1, 17))
    return next((number for number in rounded if low < number <= high), high)
