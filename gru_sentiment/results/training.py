"""What training, fitting and fusing return, and the records of a training in progress."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from gru_sentiment.results.evaluation import BaselineGap
from gru_sentiment.results.metrics import Calibrated, Metrics, MetricsByModel


@dataclass(frozen=True)
class StepRecord:
    """Progress within an epoch; loss and accuracy are means since its start."""

    epoch: int
    epochs: int
    step: int
    """Batches done in this epoch."""
    steps: int
    """Batches of the epoch."""
    loss: float
    """In nats."""
    accuracy: float | None
    """None in a language model."""
    tokens_per_s: float
    elapsed_s: float
    """Seconds since the start of the epoch."""


@dataclass(frozen=True)
class EvaluationRecord:
    """What the training loop yields after each evaluation."""

    epoch: int
    step: int
    """Optimizer steps since the start."""
    train_loss: float
    """Mean over the epoch so far, in nats."""
    train_accuracy: float | None
    """None in a language model."""
    learning_rate: float
    gradient_norm: float
    """Mean norm before clipping, over the epoch's steps that had a finite gradient."""
    scores: Mapping[str, float]
    """Validation scores by name."""
    tokens: int
    """Tokens trained on in this epoch."""
    elapsed_s: float
    tokens_per_s: float
    skipped_batches: int = 0
    """Batches left out because their loss or gradient was not finite."""
    is_best: bool = False
    """Whether no earlier evaluation was better."""
    stopped_by: str | None = None
    """Why this is the last record, or None."""

    def to_json(self) -> dict[str, Any]:
        """One line of metrics.jsonl; `elapsed_s` and `tokens_per_s` are its clock fields."""
        line = asdict(self)
        scores = line.pop("scores")
        return line | {f"validation_{name}": value for name, value in scores.items()}


@dataclass(frozen=True)
class Coverage:
    """How much of the vocabulary and of the text has word vectors."""

    vectors: str
    """The name or the file of the vectors."""
    types: float
    """Share of the vocabulary's words that have a vector, 0 to 1."""
    tokens: float
    """Share of the training texts' known tokens that have a vector, 0 to 1."""
    most_frequent_missing: Sequence[tuple[str, int]] = ()
    """Words without a vector and how often they occur in the training texts."""


@dataclass(frozen=True)
class TrainingResult:
    """A finished training."""

    run: str
    """The run folder."""
    metrics: dict[str, Metrics]
    """By split."""
    calibration: Calibrated
    best_epoch: int
    """The epoch whose weights were saved, from 1 on."""
    epochs: int
    """Epochs done."""
    stopped_by: str
    """Why the training stopped."""
    parameters: int
    """Number of weights."""
    vocabulary: int
    """Number of words, the special ones included."""
    coverage: Coverage | None
    """None where the word vectors came from an encoder."""
    training_s: float
    """Seconds in the loop, evaluations included."""
    total_s: float
    """Seconds from reading the data to the finished run folder."""
    baseline: dict[str, BaselineGap] = field(default_factory=dict)
    """By split; empty without a baseline run beside this one."""
    members: MetricsByModel = field(default_factory=dict)
    """Of the network and of the n-grams beside it, by split; empty for a network alone."""
    weights: dict[str, float] = field(default_factory=dict)
    """Of network and n-grams."""
    advice: Sequence[str] = ()
    """What is likely to be better, in sentences with a next step."""


@dataclass(frozen=True)
class BaselineResult:
    """Linear models that were fitted, and the one that was saved."""

    run: str
    """The run folder."""
    model: str
    """The name of the saved model in `scores`."""
    scores: MetricsByModel
    """Of every model, by split."""
    ngrams: dict[str, int]
    """Number of features of every model."""
    fit_s: dict[str, float]
    """Seconds that fitting every model took."""
    total_s: float
    """Seconds from reading the data to the finished run folder."""


@dataclass(frozen=True)
class FusionResult:
    """Runs that were fused."""

    run: str
    """The run folder."""
    weights: dict[str, float]
    """By run folder: the weight of the member's log probabilities."""
    scores: MetricsByModel
    """Of every member, by split."""
    fused: dict[str, Metrics]
    """Of the fusion, by split."""
    baseline: dict[str, BaselineGap] = field(default_factory=dict)
    """By split; empty without a baseline run beside this one."""


@dataclass(frozen=True)
class PretrainingResult:
    """A finished language model."""

    run: str
    """The run folder."""
    loss: float
    """On the held-out texts, in nats a token, over the whole vocabulary."""
    perplexity: float
    """e to the power of the loss."""
    epochs: int
    stopped_by: str
    parameters: int
    vocabulary: int
    training_s: float
    total_s: float
    bidirectional: bool = False
    """Whether a classifier that starts from it must be bidirectional."""


@dataclass(frozen=True)
class Reproduction:
    """A run compared with a second training of the same config."""

    first: str
    second: str
    """The run folders."""
    equal_weights: bool
    largest_difference: float | None
    """Largest absolute difference of two weights; None where their shapes differ."""
    equal_history: bool
    """Whether all lines of metrics.jsonl are equal but for the clock fields."""
    changed: dict[str, tuple[str, str]]
    """Versions and machine that differ: by name, what they were and what they are."""

    @property
    def equal(self) -> bool:
        """Whether weights and history are equal."""
        return self.equal_weights and self.equal_history
