"""Scores of predictions on one split, and how they are written down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class ClassMetrics:
    """Precision, recall and F1 of one class, and how many rows truly belong to it."""

    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True)
class Metrics:
    """Scores on one split: counts summed over the split and divided once.

    Averages over classes are of those that have rows.
    """

    n: int
    loss: float
    """Mean negative log likelihood of the true class, in nats."""
    accuracy: float
    accuracy_interval: list[float]
    """Wilson's 95 % interval."""
    balanced_accuracy: float
    """Mean recall."""
    macro_precision: float
    macro_recall: float
    macro_f1: float
    mcc: float | None
    """Matthews' correlation; None where all rows are of one class."""
    roc_auc: float | None
    """Area under the ROC curve, one against the rest and averaged for more than two classes; None
    where all rows are of one class."""
    average_precision: float | None
    """Of the second of two classes, else averaged; None where all rows are of one class."""
    brier: float
    """Mean squared error of the probabilities, summed over the classes; for two classes, of one."""
    ece: float
    """Expected calibration error, over 15 equal bins of the predicted class's probability."""
    per_class: dict[str, ClassMetrics]
    confusion_matrix: list[list[int]]
    """Rows are true classes, columns predicted ones, both in the order of `per_class`."""
    absent_classes: list[str] = field(default_factory=list)
    """Classes without rows; their scores in `per_class` are 0 and say nothing."""
    empty_texts: int = 0
    """Texts without a single word: predicted, counted, never dropped."""
    tokens: int = 0
    elapsed_s: float = 0.0
    tokens_per_s: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """The same as JSON values."""
        return asdict(self)


@dataclass(frozen=True)
class Reliability:
    """How far probabilities can be believed: the scores of `Metrics` that a temperature changes."""

    log_loss: float
    brier: float
    ece: float

    @classmethod
    def of(cls, metrics: Metrics) -> Reliability:
        """That of a split."""
        return cls(metrics.loss, metrics.brier, metrics.ece)


@dataclass(frozen=True)
class Calibrated:
    """A temperature that was fitted on the validation part, and what it changed there."""

    temperature: float
    before: Reliability
    """At a temperature of 1."""
    after: Reliability

    def to_json(self) -> dict[str, Any]:
        """The same as JSON values."""
        return asdict(self)


@dataclass(frozen=True)
class Measured:
    """A metric by its name, with its 95 % interval."""

    name: str
    value: float | None
    """None where it cannot be computed of these rows."""
    low: float | None
    high: float | None


Scores = dict[str, dict[str, Metrics]]
"""By model or run, and by split."""


def scores_to_json(own: Mapping[str, Metrics], **others: Scores) -> dict[str, Any]:
    """metrics.json: a run's scores by split, and under a key of their own those of others."""
    found: dict[str, Any] = {split: metrics.to_json() for split, metrics in own.items()}
    for key, scores in others.items():
        found[key] = {name: scores_to_json(one) for name, one in scores.items()}
    return found
