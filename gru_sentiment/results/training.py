"""What training, fitting and fusing return, and the records of a training in progress."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from gru_sentiment.results.evaluation import BaselineGap
from gru_sentiment.results.metrics import Calibrated, Metrics, Scores


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
    """Mean norm before clipping, over the epoch's steps that had a finite gradient."""
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
    calibration: Calibrated
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
    bidirectional: bool = False
    """Whether a classifier that starts from it must read in both directions."""


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
