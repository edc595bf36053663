"""Metrics of predictions against true classes: counts over all rows, divided once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property, partial
from typing import Any

import numpy as np

from gru_sentiment.arrays import Floats, Integers
from gru_sentiment.results.metrics import ClassMetrics, MeasuredMetric, Metrics
from gru_sentiment.scores import counts
from gru_sentiment.scores.intervals import Statistic, bootstrap, wilson
from gru_sentiment.scores.ranking import Ranking
from gru_sentiment.scores.reliability import Calibration, brier_terms

PER_CLASS: dict[str, Callable[[Integers], Floats]] = {
    "precision": counts.precision,
    "recall": counts.recall,
    "f1": counts.f1,
}


class Scoring:
    """Any metric of predictions by its name, with its interval, or all metrics together.

    Averages over classes leave out those that have no rows, in a resample of the rows too.

    Args:
        log_probabilities: shape (rows, classes).
        labels: class indices, shape (rows,).
        names: the classes as text.
    """

    def __init__(self, log_probabilities: Floats, labels: Integers, names: Sequence[str]) -> None:
        # in one order, whatever the order of the rows: sums and resamples are equal to the bit
        order = np.lexsort((*log_probabilities.T, labels))
        self.log_probabilities, self.labels = log_probabilities[order], labels[order]
        self.names = list(names)
        self._once = np.ones(len(labels), np.int64)
        self._cells = self.labels * len(names) + self.log_probabilities.argmax(axis=1)

    def metrics(self, **others: Any) -> Metrics:
        """All metrics; `others` are further fields of the result."""
        confusion = self.confusion(self._once)
        by_class = {kind: score(confusion) for kind, score in PER_CLASS.items()}
        right, rows = self._n_right(self._once), confusion.sum(axis=1)[: len(self.names)]
        overall: dict[str, Any] = {
            name: statistic(self._once) for name, statistic in self._overall().items()
        }
        return Metrics(
            n=len(self.labels),
            accuracy_interval=list(wilson(right, len(self.labels))),
            absent_classes=[name for name, n in zip(self.names, rows, strict=True) if not n],
            per_class={
                name: ClassMetrics(
                    **{k: float(of[i]) if rows[i] else None for k, of in by_class.items()},
                    support=int(rows[i]),
                )
                for i, name in enumerate(self.names)
            },
            confusion_matrix=self._confusion_matrix(),
            **overall,
            **others,
        )

    def measure(self, names: Sequence[str], *, seed: int = 0) -> dict[str, MeasuredMetric]:
        """Metrics by name, each with its 95 % interval.

        The interval is Wilson's for proportions and the seeded bootstrap's for all others. That of
        the calibration error lies too high, because resamples add noise to every bin. A value is
        None where a class that it needs has no rows.
        """
        statistics = self.statistics()
        values = {name: statistics[name](self._once) for name in names}
        proportions = self._proportions()
        drawn = [n for n in values if values[n] is not None and n not in proportions]
        intervals: dict[str, tuple[float, float] | None] = dict.fromkeys(values)
        if drawn:
            drawn_intervals = bootstrap(
                [statistics[name] for name in drawn], len(self.labels), seed=seed
            )
            intervals |= dict(zip(drawn, drawn_intervals, strict=True))
        for name in values.keys() & proportions.keys():
            if values[name] is not None:
                intervals[name] = wilson(*proportions[name])
        return {
            name: MeasuredMetric(name, value, *(intervals[name] or (None, None)))
            for name, value in values.items()
        }

    def statistics(self) -> dict[str, Statistic]:
        """Every metric by its name, as a function of how often each row counts, shape (rows,)."""
        by_name = self._overall()
        for index, name in enumerate(self.names):
            for kind, score in PER_CLASS.items():
                by_name[f"{kind}.{name}"] = partial(self._of_class, score, index)
        return by_name

    def _overall(self) -> dict[str, Statistic]:
        """The metrics that are not of one class, by their names in `Metrics`."""
        by_name: dict[str, Statistic] = {
            "accuracy": lambda weights: counts.accuracy(self.confusion(weights)),
            "balanced_accuracy": lambda w: counts.balanced_accuracy(self.confusion(w)),
            "mcc": lambda weights: counts.mcc(self.confusion(weights)),
            "roc_auc": partial(self._mean_of_rankings, Ranking.roc_auc),
            "average_precision": partial(self._mean_of_rankings, Ranking.average_precision),
            "loss": lambda weights: self._mean(self._losses, weights),
            "brier": lambda weights: self._mean(self._brier_terms, weights),
            "ece": self._calibration.error,
        }
        for kind, score in PER_CLASS.items():
            by_name[f"macro_{kind}"] = partial(self._mean_of_classes, score)
        return by_name

    def confusion(self, weights: Integers) -> Integers:
        """Number of rows by true and predicted class, shape (classes, classes)."""
        classes = len(self.names)
        cells = np.bincount(self._cells, weights, classes * classes)
        return cells.astype(np.int64).reshape(classes, classes)

    def _n_right(self, weights: Integers) -> int:
        return int(self.confusion(weights).trace())

    def _confusion_matrix(self) -> list[list[int]]:
        matrix: list[list[int]] = self.confusion(self._once).tolist()
        return matrix

    def _proportions(self) -> dict[str, tuple[int, int]]:
        """Metrics that are a share of rows: numerator and denominator."""
        confusion = self.confusion(self._once)
        right, predicted, true = confusion.diagonal(), confusion.sum(axis=0), confusion.sum(axis=1)
        by_name = {"accuracy": (self._n_right(self._once), len(self.labels))}
        for i, name in enumerate(self.names):
            by_name[f"precision.{name}"] = int(right[i]), int(predicted[i])
            by_name[f"recall.{name}"] = int(right[i]), int(true[i])
        return by_name

    def _mean_of_classes(self, score: Callable[[Integers], Floats], weights: Integers) -> float:
        confusion, classes = self.confusion(weights), len(self.names)
        return counts.macro(score(confusion)[:classes], confusion[:classes])

    def _of_class(
        self, score: Callable[[Integers], Floats], index: int, weights: Integers
    ) -> float | None:
        confusion = self.confusion(weights)
        return float(score(confusion)[index]) if confusion[index].any() else None

    def _mean_of_rankings(
        self, score: Callable[[Ranking, Integers], float | None], weights: Integers
    ) -> float | None:
        """Mean over the rankings; None where all rows are of one class."""
        values = [score(ranking, weights) for ranking in self._rankings]
        known = [value for value in values if value is not None]
        return float(np.mean(known)) if known else None

    def _mean(self, terms: Floats, weights: Integers) -> float:
        return float((terms * weights).sum() / weights.sum())

    @cached_property
    def _losses(self) -> Floats:
        """Negative log likelihood of the true class, shape (rows,)."""
        losses: Floats = -self.log_probabilities[np.arange(len(self.labels)), self.labels]
        return losses

    @cached_property
    def _brier_terms(self) -> Floats:
        return brier_terms(np.exp(self.log_probabilities), self.labels)

    @cached_property
    def _calibration(self) -> Calibration:
        return Calibration(np.exp(self.log_probabilities), self.labels)

    @cached_property
    def _rankings(self) -> list[Ranking]:
        """Two classes have one ranking, by the odds of the second: they differ where probabilities
        round to 1. Of more classes each is ranked against the rest.
        """
        scores = self.log_probabilities
        if scores.shape[1] == 2:
            return [Ranking(scores[:, 1] - scores[:, 0], self.labels == 1)]
        return [Ranking(scores[:, c], self.labels == c) for c in range(scores.shape[1])]


def metric_names(classes: Sequence[str]) -> list[str]:
    """Names of all metrics of a model with these classes."""
    nothing = np.zeros((0, len(classes)))
    return list(Scoring(nothing, np.zeros(0, np.int64), classes).statistics())


def classification_metrics(
    log_probabilities: Floats, labels: Integers, names: Sequence[str], **others: Any
) -> Metrics:
    """`Scoring.metrics` of log probabilities (rows, classes) against class indices (rows,)."""
    return Scoring(log_probabilities, labels, names).metrics(**others)
