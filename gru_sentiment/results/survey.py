"""What a file holds, as `gru-sent init` sees it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

RATES_SENTIMENT = "the labels rate sentiment: training starts from the model in the package"
CLASSIFIER, ENCODER = "bundled/classifier", "bundled"
"""What `model.initialize_from` calls the runs in the package."""
READ_BEFORE = (
    "a model in the package has read these texts in training: it is no start for them, because "
    "their scores would be too high"
)


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
    start: str | None
    """What `model.initialize_from` names for these texts; None trains from scratch."""
    read_before: bool = False
    """Whether a run in the package has read these texts in training, and is no start for them."""
    label_sets: int | None = None
    """Labelled texts, where each has any number of classes; None where each has one."""
    label_separator: str | None = None
    """Stands between the classes of a text; None where they are lists, or there is one class."""

    @property
    def notes(self) -> list[str]:
        """What decided where a training starts, in sentences."""
        notes = {RATES_SENTIMENT: self.start == CLASSIFIER, READ_BEFORE: self.read_before}
        return [note for note, is_so in notes.items() if is_so]

    @property
    def rows(self) -> int:
        """Labelled texts."""
        return sum(self.classes.values()) if self.label_sets is None else self.label_sets
