"""What the recipes return and the reporting prints. Plain values: no tensors, no paths to open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

Label = str | int
"""A class as the user's data names it."""


@dataclass(frozen=True)
class ClassMetrics:
    """Precision, recall and F1 of one class, and how many rows truly belong to it."""

    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True)
class Metrics:
    """Scores on one split: counts summed over the split and divided once."""

    n: int
    loss: float
    """Mean negative log likelihood of the true class, in nats."""
    accuracy: float
    accuracy_interval: list[float]
    """Wilson's 95 % interval."""
    balanced_accuracy: float | None
    """Mean recall; None where a class has no rows."""
    macro_precision: float
    macro_recall: float
    macro_f1: float
    mcc: float | None
    """Matthews' correlation; None where all rows are of one class."""
    roc_auc: float | None
    """Area under the ROC curve, one against the rest and averaged for more than two classes; None
    where a class has no rows."""
    average_precision: float | None
    """Of the second of two classes, else averaged over all; None where a class has no rows."""
    brier: float
    """Mean squared error of the probabilities, summed over the classes; for two classes, of one."""
    ece: float
    """Expected calibration error, over 15 equal bins of the predicted class's probability."""
    per_class: dict[str, ClassMetrics]
    confusion_matrix: list[list[int]]
    """Rows are true classes, columns predicted ones, both in the order of `per_class`."""
    empty_texts: int = 0
    """Texts without a single word: predicted, counted, never dropped."""
    tokens: int = 0
    elapsed_s: float = 0.0
    tokens_per_s: float = 0.0

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
        }
        found = {name: value for name, value in asked.items() if value}
        return {"run": self.run, "data": self.data, **self.metrics.to_json(), **found}


@dataclass(frozen=True)
class Prediction:
    """The answer for one text."""

    label: Label
    probabilities: dict[str, float]
    tokens: int
    """Words read, after truncation."""
    unknown_tokens: int
    truncated: bool

    def to_json(self) -> dict[str, Any]:
        """The same as JSON values."""
        return asdict(self)


@dataclass(frozen=True)
class FileScoring:
    """A file whose rows were answered."""

    rows: int
    """Of the input."""
    done_before: int
    """Rows that an interrupted job had answered."""
    bad_rows: int
    """Rows answered with an error, those of the interrupted job included."""
    first_error: str | None
    """The first of them, and what is wrong with it."""
    elapsed_s: float
    """Seconds from the first row to the last, the model loaded."""


@dataclass(frozen=True)
class StepRecord:
    """Progress within an epoch, means since its start."""

    epoch: int
    epochs: int
    step: int
    steps: int
    loss: float
    accuracy: float | None
    """None where rows are neither right nor wrong, as in a language model."""
    tokens_per_s: float
    elapsed_s: float


@dataclass(frozen=True)
class EvaluationRecord:
    """What the loop yields after each evaluation."""

    epoch: int
    step: int
    """Optimizer steps since the start."""
    train_loss: float
    train_accuracy: float | None
    learning_rate: float
    gradient_norm: float
    """Mean norm before clipping, over the epoch's steps."""
    scores: Mapping[str, float]
    """Validation scores by name."""
    tokens: int
    elapsed_s: float
    tokens_per_s: float
    skipped_batches: int = 0
    """Batches left out because their loss or gradient was not finite."""
    is_best: bool = False
    stopped_by: str | None = None
    """Why this is the last record, or None."""

    def to_json(self) -> dict[str, Any]:
        """One line of metrics.jsonl; `elapsed_s` and `tokens_per_s` are its clock fields."""
        line = asdict(self)
        scores = line.pop("scores")
        return line | {f"validation_{name}": value for name, value in scores.items()}


@dataclass(frozen=True)
class Coverage:
    """How much of the vocabulary the word vectors know."""

    vectors: str
    """Where the vectors came from."""
    types: float
    """Share of the vocabulary's words that have a vector."""
    tokens: float
    """Share of the training text's known words that have one."""
    most_frequent_missing: Sequence[tuple[str, int]] = ()
    """Words without a vector and how often they occur, the most frequent first."""


@dataclass(frozen=True)
class TrainingResult:
    """A finished training."""

    run: str
    """The run folder."""
    metrics: dict[str, Metrics]
    """By split."""
    best_epoch: int
    epochs: int
    stopped_by: str
    parameters: int
    vocabulary: int
    coverage: Coverage | None
    training_s: float
    """Seconds in the loop, evaluations included."""
    total_s: float
    """Seconds from reading the data to the finished run folder."""
    baseline: dict[str, BaselineGap] = field(default_factory=dict)
    """By split, where a baseline run stands beside this one."""


Scores = dict[str, dict[str, Metrics]]
"""By model or run, and by split."""


def scores_to_json(own: Mapping[str, Metrics], **others: Scores) -> dict[str, Any]:
    """metrics.json: a run's scores by split, and under a key of their own those of others."""
    found: dict[str, Any] = {split: metrics.to_json() for split, metrics in own.items()}
    for key, scores in others.items():
        found[key] = {name: scores_to_json(one) for name, one in scores.items()}
    return found


@dataclass(frozen=True)
class BaselineResult:
    """Baselines that were fitted, and the one that was saved."""

    run: str
    """The run folder."""
    model: str
    """The saved one, by its name in `scores`."""
    scores: Scores
    ngrams: dict[str, int]
    """Features of every model."""
    fit_s: dict[str, float]
    """Seconds that fitting each model took."""
    total_s: float
    """Seconds from reading the data to the finished run folder."""


@dataclass(frozen=True)
class FusionResult:
    """Runs that answer together."""

    run: str
    """The run folder."""
    weights: dict[str, float]
    """Of every member's log probabilities."""
    scores: Scores
    """Of every member."""
    fused: dict[str, Metrics]
    """By split."""
    baseline: dict[str, BaselineGap] = field(default_factory=dict)
    """By split, where a baseline run stands beside this one."""


@dataclass(frozen=True)
class PretrainingResult:
    """A finished language model."""

    run: str
    """The run folder."""
    loss: float
    """Of the held-out texts, in nats a token, over all words."""
    perplexity: float
    epochs: int
    stopped_by: str
    parameters: int
    vocabulary: int
    training_s: float
    total_s: float


@dataclass(frozen=True)
class Comparison:
    """A run and a second training of it."""

    first: str
    second: str
    equal_weights: bool
    largest_difference: float | None
    """Of two weights; None where the shapes differ."""
    equal_history: bool
    """Every line of metrics.jsonl, clock fields apart."""
    changed: dict[str, tuple[str, str]]
    """Versions and machine, where they are not the same."""

    @property
    def equal(self) -> bool:
        """Nothing differs."""
        return self.equal_weights and self.equal_history


@dataclass(frozen=True)
class SplitReport:
    """What `data check` says of one part."""

    rows: int
    labels: dict[str, int]
    empty_texts: int
    duplicate_texts: int
    """Rows whose text stood before in the same part."""
    lengths: dict[str, int]
    """Words a text, by percentile."""
    truncated: float
    """Share of texts longer than `text.max_tokens`."""
    out_of_vocabulary: float
    """Share of words that the vocabulary does not know."""


@dataclass(frozen=True)
class DataReport:
    """What `data check` says of a config's data."""

    fingerprint: str
    splits: dict[str, SplitReport]
    overlaps: dict[str, int]
    """Distinct texts in common, by pair of parts; before the parts were cleaned."""
    vocabulary: int
    coverage: Coverage | None
    warnings: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """The same as JSON values."""
        return asdict(self)
