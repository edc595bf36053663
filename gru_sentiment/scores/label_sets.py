"""Metrics where a text has any number of classes: counts over all rows, divided once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property, partial

import numpy as np

from gru_sentiment.arrays import Booleans, Floats, Integers
from gru_sentiment.scores.complement import log_complement
from gru_sentiment.scores.intervals import Statistic
from gru_sentiment.scores.metrics import PER_CLASS, Scoring
from gru_sentiment.scores.ranking import Ranking
from gru_sentiment.scores.reliability import Calibration


class LabelSetScoring(Scoring):
    """Any metric of predicted label sets by its name, with its interval, or all together.

    A row is right if it is predicted to have exactly its classes: `accuracy` is the share of such
    rows. Precision, recall and F1 of a class are those of the decision whether a row has it; their
    macro averages are means over the classes that rows have, their micro averages are computed from
    the counts of all classes together. Loss, Brier score and calibration error are means over rows
    and classes.

    Args:
        log_probabilities: of each class by itself, shape (rows, classes).
        targets: 1 for the classes of a row, shape (rows, classes).
        names: the classes as text.
        chosen: which classes are predicted, shape (rows, classes).
    """

    def __init__(
        self,
        log_probabilities: Floats,
        targets: Integers,
        names: Sequence[str],
        chosen: Booleans,
    ) -> None:
        # in one order, whatever the order of the rows: sums and resamples are equal to the bit
        order = np.lexsort((*log_probabilities.T, *targets.T))
        self.log_probabilities, self.labels = log_probabilities[order], targets[order]
        self.names = list(names)
        self._once = np.ones(len(targets), np.int64)
        self._true, self._chosen = self.labels == 1, chosen[order]

    def confusion(self, weights: Integers) -> Integers:
        """Every class against "not of it", which comes last, shape (classes + 1, classes + 1).

        On the diagonal stand the rows of a class that are predicted to have it; in its last column
        those that are not; in the last row those of others that are.
        """
        right, missed, added = (
            weights @ cells
            for cells in (
                self._true & self._chosen,
                self._true & ~self._chosen,
                ~self._true & self._chosen,
            )
        )
        confusion: Integers = np.diag(np.append(right, 0))
        confusion[:-1, -1], confusion[-1, :-1] = missed, added
        return confusion

    def _n_right(self, weights: Integers) -> int:
        return int(weights @ self._exact)

    def _confusion_matrix(self) -> list[list[int]]:
        return []

    def _overall(self) -> dict[str, Statistic]:
        by_name: dict[str, Statistic] = {
            "accuracy": lambda weights: self._n_right(weights) / int(weights.sum()),
            "roc_auc": partial(self._mean_of_rankings, Ranking.roc_auc),
            "average_precision": partial(self._mean_of_rankings, Ranking.average_precision),
            "loss": lambda weights: self._mean(self._losses, weights),
            "brier": lambda weights: self._mean(self._brier_terms, weights),
            "ece": lambda weights: self._calibration.error(np.repeat(weights, len(self.names))),
        }
        for kind, score in PER_CLASS.items():
            by_name[f"macro_{kind}"] = partial(self._mean_of_classes, score)
            by_name[f"micro_{kind}"] = partial(self._of_all_classes, score)
        return by_name

    def _of_all_classes(self, score: Callable[[Integers], Floats], weights: Integers) -> float:
        """The score of all decisions together."""
        confusion = self.confusion(weights)
        right, missed, added = confusion.trace(), confusion[:, -1].sum(), confusion[-1].sum()
        return float(score(np.array([[right, missed], [added, 0]]))[0])

    @cached_property
    def _exact(self) -> Booleans:
        exact: Booleans = (self._true == self._chosen).all(axis=1)
        return exact

    @cached_property
    def _losses(self) -> Floats:
        """Binary cross-entropy of every row, the mean over the classes, shape (rows,)."""
        own = self.log_probabilities
        losses: Floats = -np.where(self._true, own, log_complement(own)).mean(axis=1)
        return losses

    @cached_property
    def _brier_terms(self) -> Floats:
        terms: Floats = ((np.exp(self.log_probabilities) - self._true) ** 2).mean(axis=1)
        return terms

    @cached_property
    def _calibration(self) -> Calibration:
        of_class = np.exp(self.log_probabilities).ravel()
        return Calibration(np.stack([1 - of_class, of_class], axis=1), self.labels.ravel())

    @cached_property
    def _rankings(self) -> list[Ranking]:
        columns = zip(self.log_probabilities.T, self._true.T, strict=True)
        return [Ranking(scores, positive) for scores, positive in columns]


def label_set_metric_names(classes: Sequence[str]) -> list[str]:
    """Names of all metrics of a model that predicts any number of these classes."""
    nothing = np.zeros((0, len(classes)))
    scoring = LabelSetScoring(nothing, nothing.astype(np.int64), classes, nothing == 1)
    return list(scoring.statistics())
