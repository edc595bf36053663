"""What a file holds, as `gru-sent init` sees it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

RATES_SENTIMENT = "the labels rate sentiment: training starts from the model in the package"


@dataclass(frozen=True)
class Survey:
    """A file of labelled texts."""

    path: Path
    dialect: dict[str, str]
    """Keys of `data` that say how the file is written, where its name does not tell."""
    text_column: str
    label_column: str
    classes: dict[str, int]
    """Rows by class, the classes in sorted order."""
    words: dict[int, int]
    """Words of a text, parted by blanks, by percentile."""
    language: str
    """ISO 639-1 code."""
    rates_sentiment: bool
    """Whether the classes go with what the classifier in the package predicts."""
    label_sets: int | None = None
    """Labelled texts, where each has any number of classes; None where each has one."""
    label_separator: str | None = None
    """Stands between the classes of a text; None where they are lists, or there is one class."""

    @property
    def rows(self) -> int:
        """Labelled texts."""
        return sum(self.classes.values()) if self.label_sets is None else self.label_sets
