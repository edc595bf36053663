"""What an evaluation returns: metrics, gates, comparisons, slices, thresholds."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from gru_sentiment.results.metrics import Metrics


@dataclass(frozen=True)
class GateResult:
    """A bound that was set for a metric, and what came of it."""

    metric: str
    kind: str
    """`floor` or `ceiling`."""
    bound: float
    end: str | None
    """`lower` or `upper`: the end of the interval that was held against the bound; None for the
    value itself."""
    value: float
    low: float | None
    high: float | None
    passed: bool


@dataclass(frozen=True)
class SliceScore:
    """Accuracy on some of the rows."""

    name: str
    n: int
    accuracy: float
    low: float
    high: float
    """95 % interval, Wilson's."""


@dataclass(frozen=True)
class PairedComparison:
    """A second model against a first one on the same rows."""

    n: int
    difference: float
    """Accuracy of the second less that of the first."""
    low: float
    high: float
    """95 % interval of the difference, by paired bootstrap."""
    p_value: float
    """McNemar's exact test, two-sided."""
    fixed: int
    """Rows that the second model alone gets right."""
    broken: int
    """Rows that the first model alone gets right."""


@dataclass(frozen=True)
class Against:
    """A run compared with another one, or with saved predictions."""

    other: str
    other_accuracy: float
    comparison: PairedComparison
    """This run is the second, the other one the first."""
    fixed_rows: list[int]
    broken_rows: list[int]
    """Rows of the data, counted from 0."""


@dataclass(frozen=True)
class BaselineGap:
    """How a run stands against the baseline run beside it, on the same rows."""

    run: str
    """The baseline's run folder."""
    accuracy: float
    """The baseline's."""
    points: float
    """Accuracy above the baseline's, in hundredths; negative below it."""


@dataclass(frozen=True)
class ThresholdScores:
    """Scores of some rows at a threshold."""

    data: str
    """A part of the run's data, or a file."""
    threshold: float
    accuracy: float
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True)
class FoundThreshold:
    """A threshold for the second of two classes, and what comes of it."""

    by: str
    """What it was chosen by, as it was asked for."""
    positive: str
    """The class that a text is given where it has at least this probability."""
    threshold: float
    of: str
    """The class that precision, recall and F1 are of."""
    scores: list[ThresholdScores]
    """At 0.5 and at it: of the validation part, and of the rows that were scored."""


@dataclass(frozen=True)
class Evaluation:
    """A run's scores on one set of rows, and what else was asked about them."""

    run: str
    data: str
    """A part of the run's data, or a file."""
    metrics: Metrics
    gates: list[GateResult] = field(default_factory=list)
    against: Against | None = None
    slices: dict[str, list[SliceScore]] = field(default_factory=dict)
    """By what the rows were sliced, the worst slice first."""
    predictions: list[dict[str, Any]] = field(default_factory=list)
    """A line a row."""
    baseline: BaselineGap | None = None
    """None without a baseline run beside this one."""
    threshold: FoundThreshold | None = None

    @property
    def elapsed_s(self) -> float:
        """Seconds that scoring took."""
        return self.metrics.elapsed_s

    @property
    def failed(self) -> list[GateResult]:
        """Gates that were not met."""
        return [gate for gate in self.gates if not gate.passed]

    def to_json(self) -> dict[str, Any]:
        """Run, data and metrics side by side, and what else was asked; no predictions."""
        asked = {
            "gates": [asdict(gate) for gate in self.gates],
            "against": asdict(self.against) if self.against else None,
            "slices": {name: list(map(asdict, scores)) for name, scores in self.slices.items()},
            "baseline": asdict(self.baseline) if self.baseline else None,
            "threshold": asdict(self.threshold) if self.threshold else None,
        }
        found = {name: value for name, value in asked.items() if value}
        return {"run": self.run, "data": self.data, **self.metrics.to_json(), **found}
