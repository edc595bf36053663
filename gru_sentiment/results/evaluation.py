"""What an evaluation returns: metrics, gates, comparisons, slices and a threshold."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from gru_sentiment.results.metrics import Metrics


@dataclass(frozen=True)
class GateResult:
    """A bound for a metric, and whether the metric kept it."""

    metric: str
    kind: str
    """`floor` or `ceiling`."""
    bound: float
    end: str | None
    """`lower` or `upper`: the end of the interval that must keep the bound; None for the value."""
    value: float
    low: float | None
    high: float | None
    """95 % interval; None where it cannot be computed."""
    passed: bool


@dataclass(frozen=True)
class SliceScore:
    """Accuracy on the rows that share a value."""

    name: str
    """The value, or a range of lengths."""
    n: int
    """Rows."""
    accuracy: float
    low: float
    high: float
    """Wilson's 95 % interval."""


@dataclass(frozen=True)
class PairedComparison:
    """A second model compared with a first one on the same rows."""

    n: int
    """Rows."""
    difference: float
    """Accuracy of the second minus that of the first, -1 to 1."""
    low: float
    high: float
    """95 % interval of the difference, by paired bootstrap."""
    p_value: float
    """McNemar's exact test, two-sided: how likely such a difference is by chance."""
    fixed: int
    """Rows that the second model alone gets right."""
    broken: int
    """Rows that the first model alone gets right."""


@dataclass(frozen=True)
class Against:
    """A run compared with another run, or with saved predictions."""

    other: str
    """The other run folder, or the file."""
    other_accuracy: float
    comparison: PairedComparison
    """This run is the second, the other one the first."""
    fixed_rows: list[int]
    broken_rows: list[int]
    """Row numbers within the data, from 0 on."""


@dataclass(frozen=True)
class BaselineGap:
    """A run compared with the baseline run beside it, on the same rows."""

    run: str
    """The baseline's run folder."""
    accuracy: float
    """Of the baseline, 0 to 1."""
    points: float
    """Accuracy of the run minus that of the baseline, in percentage points."""


@dataclass(frozen=True)
class ThresholdScores:
    """Scores of some rows at a threshold."""

    data: str
    """A split of the run's data, or a file."""
    threshold: float
    accuracy: float
    precision: float | None
    recall: float | None
    f1: float | None
    """None where no row is of the class that they are of."""


@dataclass(frozen=True)
class FoundThreshold:
    """A threshold for the second of two classes, and the scores with it."""

    by: str
    """The criterion that it was chosen by, as it was written."""
    positive: str
    """The class that is predicted where its probability is at least the threshold."""
    threshold: float
    of: str
    """The class whose precision, recall and F1 the scores hold."""
    scores: list[ThresholdScores]
    """At 0.5 and at the threshold, on the validation split and on the rows that were scored."""


@dataclass(frozen=True)
class Evaluation:
    """A run's metrics on one set of rows, and all that was computed from them."""

    run: str
    """The run folder."""
    data: str
    """A split of the run's data, or a file."""
    metrics: Metrics
    gates: list[GateResult] = field(default_factory=list)
    against: Against | None = None
    """None where the run was compared with no other."""
    slices: dict[str, list[SliceScore]] = field(default_factory=dict)
    """By `length` or the name of a column; the least accurate slice first."""
    predictions: list[dict[str, Any]] = field(default_factory=list)
    """A JSON object for every row; empty where predictions were not asked for."""
    baseline: BaselineGap | None = None
    """None without a baseline run beside this one."""
    threshold: FoundThreshold | None = None
    """None where no threshold was asked for."""

    @property
    def elapsed_s(self) -> float:
        """Seconds that scoring took."""
        return self.metrics.elapsed_s

    @property
    def failed(self) -> list[GateResult]:
        """Gates that were not met."""
        return [gate for gate in self.gates if not gate.passed]

    def to_json(self) -> dict[str, Any]:
        """The same as JSON values, metrics at the top level; without predictions."""
        optional = {
            "gates": [asdict(gate) for gate in self.gates],
            "against": asdict(self.against) if self.against else None,
            "slices": {name: list(map(asdict, scores)) for name, scores in self.slices.items()},
            "baseline": asdict(self.baseline) if self.baseline else None,
            "threshold": asdict(self.threshold) if self.threshold else None,
        }
        present = {name: value for name, value in optional.items() if value}
        return {"run": self.run, "data": self.data, **self.metrics.to_json(), **present}
