"""Predictions as lines: JSON lines, or delimited ones below a header."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from gru_sentiment.rows.columns import (
    ERROR,
    FACTS,
    LABEL,
    NUMBER,
    PROBABILITIES,
    answer_columns,
    answer_values,
    facts,
    kept_names,
)
from gru_sentiment.rows.row import MAX_BYTES, Answer

TAKEN = (LABEL, PROBABILITIES, *FACTS, ERROR)


class Rendering(Protocol):
    """How answers are written as lines, and read back."""

    header: bytes
    quoted: bool
    """Whether a newline within quotes ends no row."""

    def line(self, answer: Answer) -> bytes:
        """One row, its end included."""
        ...

    def values(self, line: bytes) -> Any:
        """What a row holds, to be compared; ValueError where it is none."""
        ...


class JsonLines:
    """A JSON object a row."""

    header = b""
    quoted = False
    _encode = json.JSONEncoder(ensure_ascii=False).encode

    def line(self, answer: Answer) -> bytes:
        """One row; half a surrogate pair in a copied column stays the escape that it was."""
        values = {NUMBER: answer.number, **_kept(answer.row.kept or {})}
        found = answer.prediction
        if found is None:
            values[ERROR] = answer.row.error
        else:
            values |= {LABEL: found.label, PROBABILITIES: found.probabilities}
            values |= zip(FACTS, facts(answer), strict=True)
        return (JsonLines._encode(values) + "\n").encode("utf-8", "backslashreplace")

    def values(self, line: bytes) -> Any:
        """What a row holds."""
        return json.loads(line.decode())


class Delimited:
    """A header, and a line a row with a column a class."""

    quoted = True

    def __init__(self, delimiter: str, classes: Sequence[str], kept: Sequence[str]) -> None:
        self._delimiter, self._classes, self._kept = delimiter, classes, kept
        csv.field_size_limit(MAX_BYTES)  # for rows that are read back
        self._writer = csv.writer(_Returned(), delimiter=delimiter)
        columns = answer_columns(classes)
        self.header = self._joined([NUMBER, *kept_names(kept, columns), *columns])

    def line(self, answer: Answer) -> bytes:
        """One row."""
        kept = answer.row.kept or {}
        copied = [kept.get(name) for name in self._kept]
        return self._joined([answer.number, *copied, *answer_values(answer, self._classes)])

    def values(self, line: bytes) -> Any:
        """What a row holds."""
        try:
            (record,) = csv.reader([line.decode()], delimiter=self._delimiter, strict=True)
        except csv.Error as error:
            raise ValueError(str(error)) from error
        return record

    def _joined(self, values: Sequence[Any]) -> bytes:
        # the writer ends with CR LF, and so puts both of them in quotes where they are a value's
        line: str = self._writer.writerow([_lowercase(value) for value in values])
        return (line.removesuffix("\r\n") + "\n").encode()


class _Returned:
    """Makes a csv writer return its line."""

    def write(self, line: str) -> str:
        return line


def _lowercase(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


def _kept(columns: Mapping[str, Any]) -> dict[str, Any]:
    return dict(zip(kept_names(columns, TAKEN), columns.values(), strict=True))
