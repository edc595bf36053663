"""Predictions for texts and for the rows of a file."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

Label = str | int
"""A class as the user's data name it."""


@dataclass(frozen=True)
class Decision:
    """How a label follows from the probabilities of the classes."""

    threshold: float | None = None
    """The second of two classes is predicted where its probability is at least this; by default the
    likelier class is. Of label sets, each class whose probability is at least this."""
    abstain: float = 0.0
    """No class is predicted whose probability is below this."""
    undecided: str | None = None
    """The label where no class is predicted."""


LIKELIEST = Decision()
"""The likeliest class is predicted, however unlikely."""


@dataclass(frozen=True)
class Prediction:
    """The prediction for one text."""

    label: Label | list[Label] | None
    """None where the model abstains; a list, which may be empty, where a text has any number of
    classes."""
    probabilities: dict[str, float]
    """By class, as text; they sum to 1, but for those of a label set."""
    tokens: int
    """Tokens read, after truncation."""
    unknown_tokens: int
    """Those of them that are not in the vocabulary."""
    truncated: bool
    """Whether tokens in the middle of the text were left out."""

    def to_json(self) -> dict[str, Any]:
        """The same as JSON values, with the share of unknown tokens in place of their number."""
        values = asdict(self)
        del values["unknown_tokens"]
        truncated = values.pop("truncated")
        return values | {"unknown_share": self.unknown_share, "truncated": truncated}

    @property
    def unknown_share(self) -> float:
        """The share of the tokens that are not in the vocabulary, 0 to 1."""
        return self.unknown_tokens / max(self.tokens, 1)

    @property
    def mostly_unknown(self) -> bool:
        """Whether more than half of the tokens are not in the vocabulary."""
        return self.unknown_share > 0.5


@dataclass(frozen=True)
class FileScoring:
    """A file or stream whose rows were predicted."""

    rows: int
    """Rows of the input."""
    done_before: int
    """Rows that an interrupted job had written already."""
    bad_rows: int
    """Rows that could not be read, those of the interrupted job included."""
    first_error: str | None
    """The number of the first of them and what is wrong with it; None where there is none."""
    elapsed_s: float
    """Seconds from the first row to the last, without loading the model."""
    mostly_unknown: int = 0
    """Rows of which the model does not know most of the words."""
