"""What a model predicts for texts."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

Label = str | int
"""A class as the user's data names it."""


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
