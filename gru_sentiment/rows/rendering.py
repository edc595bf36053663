"""Scored rows as lines: JSON lines, or delimited lines below a header."""

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
    facts,
    kept_names,
    prediction_columns,
    prediction_values,
)
from gru_sentiment.rows.row import MAX_BYTES, ScoredRow

TAKEN = (LABEL, PROBABILITIES, *FACTS, ERROR)


class Rendering(Protocol):
    """How scored rows are written as lines, and read back."""

    header: bytes
    quoted: bool
    """Whether a newline within quotes ends no row."""

    def line(self, scored: ScoredRow) -> bytes:
        """The line of a row, with its line end."""
        ...

    def values(self, line: bytes) -> Any:
        """The values of a line, to be compared.

        Raises:
            ValueError: it is no such line.
        """
        ...


class JsonLines:
    """A JSON object on each line."""

    header = b""
    quoted = False
    _encode = json.JSONEncoder(ensure_ascii=False).encode

    def line(self, scored: ScoredRow) -> bytes:
        """The line of a row; half a surrogate pair in a copied column stays an escape."""
        values = {NUMBER: scored.number, **_kept(scored.row.kept or {})}
        prediction = scored.prediction
        if prediction is None:
            values[ERROR] = scored.row.error
        else:
            values |= {LABEL: prediction.label, PROBABILITIES: prediction.probabilities}
            values |= zip(FACTS, facts(prediction), strict=True)
        return (JsonLines._encode(values) + "\n").encode("utf-8", "backslashreplace")

    def values(self, line: bytes) -> Any:
        """The values of a line."""
        return json.loads(line.decode())


class Delimited:
    """A header, then a line for every row, with a column for every class.

    Args:
        delimiter: between the values.
        classes: of the predictions.
        kept: names of the columns that are copied.
        separator: between the classes of a row that is predicted to have any number.
    """

    quoted = True

    def __init__(
        self, delimiter: str, classes: Sequence[str], kept: Sequence[str], separator: str = ""
    ) -> None:
        self._delimiter, self._classes, self._kept = delimiter, classes, kept
        self._separator = separator
        csv.field_size_limit(MAX_BYTES)  # for rows that are read back
        self._writer = csv.writer(_Returned(), delimiter=delimiter)
        columns = prediction_columns(classes)
        self.header = self._joined([NUMBER, *kept_names(kept, columns), *columns])

    def line(self, scored: ScoredRow) -> bytes:
        """The line of a row."""
        kept = scored.row.kept or {}
        copied = [kept.get(name) for name in self._kept]
        label, *others = prediction_values(scored, self._classes)
        if isinstance(label, list):
            label = self._separator.join(map(str, label))
        return self._joined([scored.number, *copied, label, *others])

    def values(self, line: bytes) -> Any:
        """The values of a line."""
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
    """Makes a csv writer return the line that it writes."""

    def write(self, line: str) -> str:
        return line


def _lowercase(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


def _kept(columns: Mapping[str, Any]) -> dict[str, Any]:
    return dict(zip(kept_names(columns, TAKEN), columns.values(), strict=True))
