"""A row of an input, what is wrong with it, and its answer: the same for every format."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from gru_sentiment.results.predictions import Prediction

MAX_BYTES = 1 << 23
"""Of a row: far beyond any review, and what one row may cost in memory."""
SURROGATE = re.compile(r"[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it was read."""

    text: str
    """Empty where there is an error."""
    size: int
    """Bytes that it took, about."""
    kept: Any = None
    """Columns to copy into the output, where that is wanted and they could be read: values by
    name; from parquet, a record batch of this one row."""
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A row and what the model says of it."""

    number: int
    """From 1."""
    row: Row
    prediction: Prediction | None
    """None for a row with an error."""


class BadRowError(Exception):
    """What is wrong with one row; it is answered with these words, and the next row is read."""

    def __init__(self, cause: str, kept: Any = None) -> None:
        super().__init__(cause)
        self.kept = kept

    def row(self, size: int) -> Row:
        """The row that this is wrong with."""
        return Row("", size, self.kept, whole_characters(str(self)))


TOO_LONG = f"longer than {MAX_BYTES:,} bytes"


def whole_characters(text: str) -> str:
    """Half a surrogate pair, which no UTF-8 can hold, becomes U+FFFD."""
    return text if text.isascii() else SURROGATE.sub("\ufffd", text)


def decoded(raw: bytes) -> str:
    """UTF-8 to text.

    Raises:
        BadRowError: it is not UTF-8.
    """
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise BadRowError(
            f"byte {error.start + 1}, 0x{raw[error.start]:02x}, is not UTF-8"
        ) from error
