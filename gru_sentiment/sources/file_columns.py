"""Columns of a file of any format, read with the reader that scoring reads rows with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gru_sentiment.errors import DataError
from gru_sentiment.rows.delimited import quote_hint
from gru_sentiment.rows.formats import (
    DELIMITED,
    Dialect,
    existing,
    format_of,
    named,
    opened_source,
)
from gru_sentiment.rows.lines import AHEAD, encoding_hint
from gru_sentiment.rows.parquet import parquet_columns
from gru_sentiment.rows.reading import MissingColumnError, columns_hint
from gru_sentiment.rows.row import Row, option_name

Columns = dict[str, list[Any]]


def read_columns(path: Path, wanted: Sequence[str], dialect: Dialect) -> Columns:
    """The values of columns of a file, the first of which holds the texts.

    Raises:
        DataError: the file cannot be read, lacks a column, or has a row that cannot be read.
    """
    kind = format_of(path)
    text_column, others = wanted[0], [name for name in wanted[1:] if name != wanted[0]]
    if kind == "text" and others:
        raise DataError(
            f"{path}: a .txt file holds texts alone, and no column {others[0]!r}",
            hint="give a csv, tsv, jsonl, json or parquet file",
        )
    if kind == "parquet":
        with named(path):
            rows, columns = parquet_columns(existing(path), [text_column, *others], dialect.setting)
            texts = [_good(path, kind, dialect, i, row).text for i, row in enumerate(rows, 1)]
        return columns | {text_column: texts}
    columns = {name: [] for name in wanted}
    keep = tuple(dict.fromkeys(others))
    with opened_source(path, kind, text_column, keep=keep, dialect=dialect) as source:
        for number, row in enumerate(source.rows, 1):
            kept = _good(path, kind, dialect, number, row).kept
            columns[text_column].append(row.text)
            for name in keep:
                columns[name].append(kept[name])
    return columns


def read_table(path: Path, names: Sequence[str], dialect: Dialect) -> Columns:
    """The values of all columns of a file, of which nothing else is known.

    A row of JSON may lack some of them; its value is then None.

    Raises:
        DataError: the file cannot be read, or has a row that cannot be read.
    """
    kind = format_of(path)
    if kind not in {"jsonl", "json"}:
        return read_columns(path, names, dialect)
    with opened_source(path, kind, names[0], keep=True, dialect=dialect) as source:
        rows = [
            row.kept if isinstance(row.kept, dict) else _good(path, kind, dialect, i, row).kept
            for i, row in enumerate(source.rows, 1)
        ]
    return {name: [row.get(name) for row in rows] for name in names}


def _good(path: Path, kind: str, dialect: Dialect, number: int, row: Row) -> Row:
    """The row, which could be read.

    Raises:
        DataError: it could not; MissingColumnError: it lacks a column.
    """
    if row.error is None:
        return row
    cause = f"{path}: row {number}: {row.error}"
    if row.missing:
        raise MissingColumnError(
            cause,
            missing=row.missing,
            hint=columns_hint(dialect.setting, labelled=True),
        )
    raise DataError(cause, hint=_hint(path, kind, dialect, row.error))


def _hint(path: Path, kind: str, dialect: Dialect, error: str) -> str:
    if "UTF-8" in error:
        setting = option_name(dialect.setting, "encoding")
        if dialect.encoding:
            return f"is {dialect.encoding} the right {setting}?"
        with path.open("rb") as stream:
            return encoding_hint(stream.read(AHEAD), setting)
    if "quote" in error:
        return quote_hint(dialect.setting)
    if kind in DELIMITED:
        return "a value that holds the delimiter, a quote or a newline must stand in quotes"
    return "correct the row, or leave it out"
