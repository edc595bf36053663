"""Rows from lines of text, JSON lines and delimited files, while they arrive."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import pyarrow as pa

from gru_sentiment.errors import DataError
from gru_sentiment.rows.lines import lines, without_end
from gru_sentiment.rows.row import (
    MAX_BYTES,
    SURROGATE,
    TOO_LONG,
    BadRowError,
    Row,
    decoded,
    whole_characters,
)

SHOWN = 10
"""Names listed in a message, at most."""
KINDS = {bool: "true or false", str: "a string", list: "an array", dict: "an object"}
"""Names of JSON values in messages; all others are numbers."""


@dataclass(frozen=True)
class Source:
    """Rows as they are read, and the columns known beforehand."""

    rows: Iterator[Row]
    kept: pa.Schema = field(default_factory=lambda: pa.schema([]))
    """Columns that are copied from every row; none for jsonl, where every row has its own."""


def read_text(stream: BinaryIO, text_column: str, keep: bool) -> Source:
    """One text on each line."""

    def row(line: bytes) -> Row:
        text = decoded(without_end(line))
        return Row(text, len(line), {text_column: text} if keep else None)

    return Source(_rows(stream, row), _strings([text_column] if keep else []))


def read_jsonl(stream: BinaryIO, text_column: str, keep: bool) -> Source:
    """One JSON object on each line; half a surrogate pair in its text becomes U+FFFD."""

    def row(line: bytes) -> Row:
        value = _parsed(line)
        if not isinstance(value, dict):
            raise BadRowError(f"is {_kind(value)}, expected an object")
        kept = value if keep else None
        if text_column not in value:
            found = f"fields found: {_listed(list(value))}" if value else "the object is empty"
            raise BadRowError(f"no field {text_column!r}; {found}", kept)
        text = value[text_column]
        if not isinstance(text, str):
            raise BadRowError(f"{text_column} is {_kind(text)}, expected a string", kept)
        return Row(whole_characters(text), len(line), kept)

    return Source(_rows(stream, row))


def read_delimited(stream: BinaryIO, text_column: str, keep: bool, *, delimiter: str) -> Source:
    """A delimited file with a header. Quoted values may hold newlines; empty lines are skipped.

    Raises:
        DataError: the header cannot be read, or lacks the column.
    """
    csv.field_size_limit(MAX_BYTES)
    # strict: a quote that is never closed is an error, not a text that holds all further rows
    reader = csv.reader(map(_escaped, lines(stream)), delimiter=delimiter, strict=True)
    header = _header(reader, text_column)
    column = header.index(text_column)

    def row(record: list[str]) -> Row:
        if len(record) != len(header):
            raise BadRowError(f"{len(record)} fields, the header names {len(header)}")
        if not all(map(str.isascii, record)) and SURROGATE.search("".join(record)):
            raise BadRowError("not UTF-8")
        kept = dict(zip(header, record, strict=True)) if keep else None
        return Row(record[column], sum(map(len, record)), kept)

    return Source(_records(reader, row), _strings(header if keep else []))


def _rows(stream: BinaryIO, row: Callable[[bytes], Row]) -> Iterator[Row]:
    for line in lines(stream):
        try:
            if line is None:
                raise BadRowError(TOO_LONG)
            yield row(line)
        except BadRowError as error:
            yield error.row(len(line or b""))


def _parsed(line: bytes) -> Any:
    text = decoded(without_end(line))
    if not text.strip():
        raise BadRowError("an empty line, expected a JSON object")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadRowError(f"not valid JSON: {error}") from error


def _kind(value: Any) -> str:
    return "null" if value is None else KINDS.get(type(value), "a number")


def _records(reader: Any, row: Callable[[list[str]], Row]) -> Iterator[Row]:
    """The remaining rows of a csv reader, which starts a new row on the line after an error."""
    while True:
        try:
            record = next(reader)
            if record:
                yield row(record)
        except StopIteration:
            return
        except (BadRowError, csv.Error) as error:
            yield BadRowError(f"{error} (line {reader.line_num})").row(0)


def _escaped(line: bytes | None) -> str:
    if line is None:
        raise csv.Error(TOO_LONG)
    return line.decode("utf-8", "surrogateescape")


def _header(reader: Any, text_column: str) -> list[str]:
    try:
        header: list[str] | None = next(filter(None, reader), None)
    except csv.Error as error:
        raise DataError(f"no header can be read: {error}") from error
    if header is None:
        raise DataError("the input is empty", hint="its first line must name the columns")
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise DataError(f"the header names {_listed(twice)} twice", hint="name every column once")
    if text_column not in header:
        raise DataError(
            f"no column {text_column!r}; columns found: {_listed(header)}",
            hint="name yours with --text-column",
        )
    return header


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return whole_characters(", ".join(name[:80] for name in names[:SHOWN]) + more)


def _strings(names: Sequence[str]) -> pa.Schema:
    return pa.schema([(name, pa.string()) for name in names])
