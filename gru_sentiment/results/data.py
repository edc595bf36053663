"""A data set as it is before training."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from gru_sentiment.results.predictions import Label
from gru_sentiment.results.training import Coverage


@dataclass(frozen=True)
class SplitReport:
    """One split of a data set."""

    rows: int
    labels: dict[str, int]
    """Rows by class."""
    empty_texts: int
    """Texts without a single token."""
    duplicate_texts: int
    """Rows whose text an earlier row of the same split has."""
    lengths: dict[str, int]
    """Tokens in a text, by percentile, such as `50 %`; before truncation."""
    truncated: float
    """Share of texts longer than `text.max_tokens`, 0 to 1."""
    out_of_vocabulary: float
    """Share of tokens that are not in the vocabulary, 0 to 1."""


@dataclass(frozen=True)
class LabelledRow:
    """A row by its place in the source."""

    split: str
    """Of the source: train, and possibly validation and test."""
    row: int
    """Number within the split of the source, from 1 on."""
    label: Label | list[Label]


@dataclass(frozen=True)
class Conflict:
    """A text whose rows have different labels."""

    text: str
    rows: list[LabelledRow]
    """All rows with this text."""


@dataclass(frozen=True)
class NearDuplicate:
    """A row whose text is almost that of a row of another split, but not equal."""

    row: LabelledRow
    other: LabelledRow
    """The most similar row of the other split."""
    similarity: float
    """Of the two texts (Jaccard, of their runs of three words), 0 to 1."""


@dataclass(frozen=True)
class DataReport:
    """All data of a config."""

    fingerprint: str
    """Changes with any byte of the texts and labels."""
    splits: dict[str, SplitReport]
    """By name: train, validation, test."""
    overlaps: dict[str, int]
    """Distinct texts in common, by pair: of the source's own splits, then of the config's."""
    vocabulary: int
    """Number of entries."""
    coverage: Coverage | None
    """Of the word vectors; None where it was not computed."""
    warnings: list[str] = field(default_factory=list)
    """What may spoil a training, in sentences."""
    conflicts: list[Conflict] = field(default_factory=list)
    """Texts with more than one label."""
    near_duplicates: dict[str, dict[str, list[NearDuplicate]]] | None = None
    """The rows of a split that have one in an earlier split, by split and earlier split. None where
    they were not looked for."""

    def to_json(self) -> dict[str, Any]:
        """The same as JSON values."""
        return asdict(self)


@dataclass(frozen=True)
class SuspectLabel:
    """A row whose label is likely wrong."""

    split: str
    """Of the source: train, and possibly validation and test."""
    row: int
    """Number within the split of the source, from 1 on."""
    text: str
    label: Label
    """What stands in the data."""
    suggested: Label
    """The likeliest class."""
    probability: float
    """Of the label, predicted from other rows."""


@dataclass(frozen=True)
class LabelReport:
    """The labels of a data set that are likely wrong, the likeliest first."""

    rows: int
    """Labels that were checked."""
    suspects: list[SuspectLabel]
