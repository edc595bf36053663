"""What is known of a data set before training."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from gru_sentiment.results.training import Coverage


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
