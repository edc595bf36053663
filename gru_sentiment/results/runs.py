"""What is known of runs without loading them. Plain values, as in `results`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from gru_sentiment.results.evaluation import PairedComparison


@dataclass(frozen=True)
class RunSummary:
    """A run folder as its plain files describe it; None is what they do not say."""

    run: str
    kind: str
    """`net`, or what metadata.json says: a baseline, a fusion, an encoder."""
    cell: str | None
    parameters: int | None
    seed: int | None
    validation: float | None
    """Accuracy on the validation part."""
    test: float | None
    """Accuracy on the test part."""
    minutes: float | None
    """From reading the data to the finished folder."""
    date: str | None
    """When its training began, ISO 8601."""
    finished: bool
    best: bool
    """The best of several seeds."""
    metrics: Mapping[str, float]
    """Every score by its dotted name, such as validation.roc_auc."""
    config: Mapping[str, Any]
    """Every setting by its dotted key."""

    def value(self, key: str) -> Any:
        """What stands under a name: of a field, a score or a setting; None where nothing does."""
        if key in COLUMNS:
            return getattr(self, key)
        return self.metrics.get(key, self.config.get(key))

    def names(self) -> list[str]:
        """All names that `value` knows something of."""
        return [*COLUMNS, *self.metrics, *self.config]

    def to_json(self) -> dict[str, Any]:
        """The same as JSON values."""
        return asdict(self)


COLUMNS = (
    "run",
    "kind",
    "cell",
    "parameters",
    "seed",
    "validation",
    "test",
    "minutes",
    "date",
    "finished",
    "best",
)
"""The fields that hold one value."""


@dataclass(frozen=True)
class RunComparison:
    """Runs side by side."""

    runs: Sequence[RunSummary]
    differences: Mapping[str, Sequence[Any]]
    """Settings that are not the same in all runs, a value a run."""
    metrics: Mapping[str, Sequence[float | None]]
    """Scores, a value a run."""
    paired: Sequence[PairedComparison | str]
    """Every run but the first against the first on the validation rows, or why that cannot be."""

    def to_json(self) -> dict[str, Any]:
        """The same as JSON values."""
        return asdict(self)


@dataclass(frozen=True)
class Spread:
    """A score over several seeds."""

    mean: float
    deviation: float
    """Standard deviation, n - 1 in the denominator."""
    low: float
    high: float


@dataclass(frozen=True)
class SeedsResult:
    """Several seeds of one config, finished."""

    folder: str
    runs: Sequence[RunSummary]
    spread: Mapping[str, Spread]
    """By the dotted name of the score."""
    best: str
    """The run that is the best by `monitor` on the validation part."""
    monitor: str
