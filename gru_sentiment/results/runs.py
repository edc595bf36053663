"""Runs as their plain files describe them, without loading a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from gru_sentiment.results.evaluation import PairedComparison


@dataclass(frozen=True)
class RunSummary:
    """One run folder; None stands for what its files do not hold."""

    run: str
    """The run folder."""
    kind: str
    """`net`, `baseline`, `fusion` or `encoder`."""
    cell: str | None
    parameters: int | None
    seed: int | None
    validation: float | None
    """Accuracy on the validation split, 0 to 1."""
    test: float | None
    """Accuracy on the test split, 0 to 1."""
    minutes: float | None
    """From reading the data to the finished folder."""
    date: str | None
    """When the training started, in ISO 8601."""
    finished: bool
    best: bool
    """The best of several seeds or folds."""
    metrics: Mapping[str, float]
    """Every score by its dotted name, such as validation.roc_auc."""
    config: Mapping[str, Any]
    """Every setting by its dotted key."""

    def value(self, key: str) -> Any:
        """The value of a column, a score or a setting; None where the run has none."""
        if key in COLUMNS:
            return getattr(self, key)
        return self.metrics.get(key, self.config.get(key))

    def names(self) -> list[str]:
        """All names that `value` has a value for."""
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
"""The fields of `RunSummary` that hold a single value."""


@dataclass(frozen=True)
class RunComparison:
    """Two or more runs compared."""

    runs: Sequence[RunSummary]
    differences: Mapping[str, Sequence[Any]]
    """Settings that differ between the runs: a value for every run, None where it has none."""
    metrics: Mapping[str, Sequence[float | None]]
    """Scores by dotted name: a value for every run, None where it has none."""
    paired: Sequence[PairedComparison | str]
    """Every run but the first compared with the first on the validation rows; or, as text, why they
    cannot be compared."""

    def to_json(self) -> dict[str, Any]:
        """The same as JSON values."""
        return asdict(self)


@dataclass(frozen=True)
class Spread:
    """Mean and spread of a score over several runs."""

    mean: float
    deviation: float
    """Standard deviation, n - 1 in the denominator."""
    low: float
    high: float


@dataclass(frozen=True)
class SeriesResult:
    """Finished runs of one config with several seeds, or on several folds."""

    kind: str
    """What each run is: `seed` or `fold`."""
    folder: str
    """Holds the run folders."""
    runs: Sequence[RunSummary]
    spread: Mapping[str, Spread]
    """By the dotted name of the score."""
    best: str
    """The run folder that is best by `monitor` on the validation split."""
    monitor: str
    """The metric that chooses the best run, such as `-loss`: the lowest loss."""
