"""A row of an input, its error or its prediction: the same for every format."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from gru_sentiment.results.predictions import Prediction

MAX_BYTES = 1 << 23
"""Longest row that is read: far longer than any review, and a bound on memory."""
SURROGATE = re.compile(r"[\ud800-\udfff]")
"""Half of a surrogate pair."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it was read."""

    text: str
    """Empty for a row with an error."""
    size: int
    """Bytes in the input, roughly."""
    kept: Any = None
    """Columns to copy into the output: values by name; from parquet, a record batch of this one
    row. None where none are copied, or they could not be read."""
    error: str | None = None
    """What is wrong with the row; None for a row that could be read."""
    missing: tuple[str, ...] = ()
    """Columns that are needed and that this row lacks, which is then its error."""


@dataclass(frozen=True, slots=True)
class ScoredRow:
    """A row with its prediction."""

    number: int
    """Number within the input, from 1 on."""
    row: Row
    prediction: Prediction | None
    """None for a row with an error."""


class BadRowError(Exception):
    """What is wrong with one row. The text goes into the output, and the next row is read."""

    def __init__(self, cause: str, kept: Any = None, missing: tuple[str, ...] = ()) -> None:
        super().__init__(cause)
        self.kept, self.missing = kept, missing

    def row(self, size: int) -> Row:
        """The row with this error; `size` is in bytes."""
        return Row("", size, self.kept, whole_characters(str(self)), self.missing)


TOO_LONG = f"longer than {MAX_BYTES:,} bytes"


def option_name(setting: str, name: str) -> str:
    """How an option is written: `data.text_column` with the setting `data.{}`, `--text-column`."""
    return setting.format(name.replace("_", "-") if setting.startswith("-") else name)


def whole_characters(text: str) -> str:
    """The text with U+FFFD for every half of a surrogate pair, which UTF-8 cannot hold."""
    return text if text.isascii() else SURROGATE.sub("\ufffd", text)


def decoded(raw: bytes) -> str:
    """Decode UTF-8.

    Raises:
        BadRowError: the bytes are not UTF-8.
    """
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise BadRowError(
            f"byte {error.start + 1}, 0x{raw[error.start]:02x}, is not UTF-8"
        ) from error


def chunks(rows: Iterable[Row], *, max_rows: int, max_bytes: int) -> Iterator[list[Row]]:
    """Group rows in order; a group is complete at this many rows or bytes.

    The groups depend on the rows alone, so that a resumed job has the same groups.
    """
    chunk: list[Row] = []
    size = 0
    for row in rows:
        chunk.append(row)
        size += row.size
        if len(chunk) >= max_rows or size >= max_bytes:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk
