"""Metrics of predictions on a set of rows, and their form in metrics.json."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class ClassMetrics:
    """Precision, recall and F1 of one class, 0 to 1; None where no row is of the class."""

    precision: float | None
    """0 where no row is predicted to be of the class."""
    recall: float | None
    f1: float | None
    support: int
    """Rows that are truly of the class."""


@dataclass(frozen=True)
class Metrics:
    """Metrics on one set of rows: counts are summed over all rows and divided once.

    Averages over classes leave out those that have no rows.
    """

    n: int
    """Rows."""
    loss: float
    """Mean negative log likelihood of the true class, in nats; with label sets the mean binary
    cross-entropy over rows and classes."""
    accuracy: float
    """Share of rows that are right; a label set is right if it has exactly the true classes."""
    accuracy_interval: list[float]
    """Both ends of Wilson's 95 % interval."""
    macro_precision: float
    macro_recall: float
    macro_f1: float
    roc_auc: float | None
    """Area under the ROC curve; for more than two classes the mean of each against the rest. None
    where all rows are of one class."""
    average_precision: float | None
    """Of the second of two classes, for more the mean; None where all rows are of one class."""
    brier: float
    """Mean squared error of the probabilities, summed over the classes; for two, of one class."""
    ece: float
    """Expected calibration error, over 15 equal bins of the predicted class's probability."""
    per_class: dict[str, ClassMetrics]
    confusion_matrix: list[list[int]]
    """Rows are true classes, columns predicted ones, both in the order of `per_class`; empty with
    label sets."""
    balanced_accuracy: float | None = None
    """Mean recall; None with label sets."""
    mcc: float | None = None
    """Matthews' correlation coefficient, -1 to 1; None where all rows are of one class, and with
    label sets."""
    micro_precision: float | None = None
    """Of the decisions about all classes together; None without label sets, where it would be the
    accuracy."""
    micro_recall: float | None = None
    micro_f1: float | None = None
    absent_classes: list[str] = field(default_factory=list)
    """Classes without rows, which the averages leave out."""
    empty_texts: int = 0
    """Texts without a single token; they are predicted and scored like all others."""
    tokens: int = 0
    """Tokens read, after truncation."""
    elapsed_s: float = 0.0
    """Seconds that the predictions took."""
    tokens_per_s: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """The same as JSON values; without the metrics that there are for label sets alone."""
        values = asdict(self)
        if self.micro_f1 is None:
            for name in ("micro_precision", "micro_recall", "micro_f1"):
                del values[name]
        return values


@dataclass(frozen=True)
class Reliability:
    """The metrics of probabilities, which a temperature changes."""

    log_loss: float
    """`Metrics.loss`, in nats."""
    brier: float
    ece: float

    @classmethod
    def of(cls, metrics: Metrics) -> Reliability:
        """Those of a set of rows."""
        return cls(metrics.loss, metrics.brier, metrics.ece)


@dataclass(frozen=True)
class Calibrated:
    """A temperature that was fitted on the validation split, and what it changed there."""

    temperature: float
    before: Reliability
    """At a temperature of 1."""
    after: Reliability

    def to_json(self) -> dict[str, Any]:
        """The same as JSON values."""
        return asdict(self)


@dataclass(frozen=True)
class MeasuredMetric:
    """A metric by its name, with its 95 % interval."""

    name: str
    value: float | None
    """None where a class that it needs has no rows."""
    low: float | None
    high: float | None
    """None where the value is None, or no resample has a value."""


MetricsByModel = dict[str, dict[str, Metrics]]
"""By model or run folder, then by split."""


def scores_to_json(own: Mapping[str, Metrics], **others: MetricsByModel) -> dict[str, Any]:
    """The content of metrics.json.

    Args:
        own: metrics of the run by split.
        others: metrics of other models, each set under a key of its own.
    """
    content: dict[str, Any] = {split: metrics.to_json() for split, metrics in own.items()}
    for key, models in others.items():
        content[key] = {name: scores_to_json(by_split) for name, by_split in models.items()}
    return content
