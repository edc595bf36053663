"""The position of a training in its data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self


@dataclass
class EpochSums:
    """Sums over the batches of an epoch so far."""

    loss: float = 0.0
    """Of every row that has a label."""
    correct: int | None = 0
    """None where rows are neither right nor wrong."""
    rows: int = 0
    """With a label."""
    tokens: int = 0
    norm: float = 0.0
    """Of the gradient before clipping, of every update that had a finite one."""
    updates: int = 0
    """Those."""
    skipped: int = 0
    """Batches without a finite loss or gradient."""
    elapsed_s: float = 0.0


@dataclass
class Position:
    """Where the loop continues: an epoch, the batches of it that are done, and their sums."""

    epoch: int = 1
    batch: int = 0
    updates: int = 0
    """Optimizer steps since the start, those that were left out included."""
    elapsed_s: float = 0.0
    """Of the epochs before, evaluations included."""
    sums: EpochSums = field(default_factory=EpochSums)

    def next_epoch(self, elapsed_s: float) -> None:
        """Go on to the first batch of the epoch after this one."""
        self.epoch, self.batch, self.sums = self.epoch + 1, 0, EpochSums()
        self.elapsed_s = elapsed_s

    def to_json(self) -> dict[str, Any]:
        """The same as JSON values, exact to the last bit."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """What `to_json` gave, in this version or in one that stored more."""
        known = _known(cls, values)
        return cls(**{**known, "sums": EpochSums(**_known(EpochSums, values["sums"]))})


def _known(kind: type[EpochSums | Position], values: Mapping[str, Any]) -> dict[str, Any]:
    names = {item.name for item in fields(kind)}
    return {name: value for name, value in values.items() if name in names}
