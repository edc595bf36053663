"""Rows from lines of text, JSON lines and JSON arrays, while they arrive."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from gru_sentiment.errors import DataError
from gru_sentiment.rows.lines import ahead, lines, without_end
from gru_sentiment.rows.row import (
    MAX_BYTES,
    TOO_LONG,
    BadRowError,
    Row,
    decoded,
    option_name,
    whole_characters,
)

if TYPE_CHECKING:
    import pyarrow as pa

SHOWN = 10
"""Names listed in a message, at most."""
BYTES_AT_ONCE = 1 << 16
"""Read of a JSON array at a time."""
KINDS = {bool: "true or false", str: "a string", list: "an array", dict: "an object"}
"""Names of JSON values in messages; all others are numbers."""
Keep = bool | tuple[str, ...]
"""The columns that come with a row: all, none, or these, which every row must have."""


class MissingColumnError(DataError):
    """Columns that are needed are not there; `missing` names them."""

    def __init__(self, cause: str, *, missing: Sequence[str], hint: str) -> None:
        super().__init__(cause, hint=hint)
        self.missing = missing


@dataclass(frozen=True)
class Source:
    """Rows as they are read, and the columns known beforehand."""

    rows: Iterator[Row]
    kept: Sequence[str] = ()
    """Columns that are copied from every row; none for jsonl, where every row has its own."""
    schema: pa.Schema | None = None
    """Their names and types, of parquet."""


def needed(text_column: str, keep: Keep) -> list[str]:
    """The columns that must be there: the texts and those that are kept by name."""
    others = keep if isinstance(keep, tuple) else ()
    return list(dict.fromkeys([text_column, *others]))


def check_columns(found: Sequence[str], wanted: Sequence[str], setting: str, what: str) -> None:
    """Check that all wanted columns are there, each once.

    Args:
        found: names of all columns.
        wanted: names of those that are needed.
        setting: how the option for a column is written, with {} for its name.
        what: what names the columns, for messages.

    Raises:
        DataError: a column is named twice.
        MissingColumnError: a column is not there.
    """
    twice = sorted({name for name in found if name and found.count(name) > 1})
    if twice:
        raise DataError(
            f"{what} names {', '.join(map(repr, twice))} twice", hint="name every column once"
        )
    if missing := [name for name in wanted if name not in found]:
        raise MissingColumnError(
            f"no column {', '.join(map(repr, missing))}; columns found: {listed(found)}",
            missing=missing,
            hint=_column_hint(missing, found, setting, labelled=len(wanted) > 1),
        )


def nearest(name: str, found: Sequence[str]) -> str | None:
    """The name that differs from this one by blanks and case alone."""
    folded = _folded(name)
    return next((other for other in found if _folded(other) == folded), None)


def read_text(stream: BinaryIO, text_column: str, keep: Keep) -> Source:
    """One text on each line."""
    start = ahead(stream)

    def row(line: bytes) -> Row:
        text = decoded(without_end(line))
        return Row(text, len(line), {text_column: text} if keep else None)

    names = [text_column] if keep else []
    # only a file whose first line ends with CR alone ends all its lines so: texts may hold a CR
    found = lines(stream, lone_returns=b"\r" in start and b"\n" not in start)
    return Source(_rows(found, row), names)


def read_jsonl(stream: BinaryIO, text_column: str, keep: Keep) -> Source:
    """One JSON object on each line; empty lines are skipped."""

    def row(line: bytes) -> Row:
        return row_of_object(_parsed(decoded(line)), len(line), text_column, keep)

    return Source(_rows(lines(stream, lone_returns=True), row, skip_empty=True))


def read_json(stream: BinaryIO, text_column: str, keep: Keep) -> Source:
    """The objects of a JSON array, or one JSON object after another."""
    return Source(_items(_Text(stream), text_column, keep))


def json_columns(stream: BinaryIO) -> list[str]:
    """The fields of the first object of JSON lines or of a JSON array; those with texts first.

    Raises:
        DataError: there is no object.
    """
    text = _Text(stream)
    try:
        if text.next_character() == "[":
            text.take()
        value, _ = text.value()
    except BadRowError as error:
        raise DataError(f"row 1: {error}") from error
    if not isinstance(value, dict):
        raise DataError(f"row 1: is {_kind(value)}, expected an object")
    return sorted(value, key=lambda name: not isinstance(value[name], str))


def row_of_object(value: Any, size: int, text_column: str, keep: Keep) -> Row:
    """The row of a JSON object; half a surrogate pair in its text becomes U+FFFD.

    Raises:
        BadRowError: it is no object, or lacks a column.
    """
    if not isinstance(value, dict):
        raise BadRowError(f"is {_kind(value)}, expected an object")
    kept = value if keep else None
    missing = tuple(name for name in needed(text_column, keep) if name not in value)
    if missing:
        raise BadRowError(_no_fields(missing, list(value)), kept, missing)
    text = value[text_column]
    if text is None:
        text = ""
    if not isinstance(text, str):
        raise BadRowError(f"{text_column} is {_kind(text)}, expected a string", kept)
    return Row(whole_characters(text), size, kept)


def listed(names: Sequence[str]) -> str:
    """The first names for a message; blanks at their ends can be seen."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    shown = (repr(name[:80]) if name != name.strip() else name[:80] for name in names[:SHOWN])
    return whole_characters(", ".join(shown) + more)


def _no_fields(missing: Sequence[str], found: Sequence[str]) -> str:
    names = ", ".join(map(repr, missing))
    near = next(filter(None, (nearest(name, found) for name in missing)), None)
    suffix = f"; did you mean {near!r}?" if near else ""
    return f"no field {names}; " + (
        f"fields found: {listed(found)}{suffix}" if found else "the object is empty"
    )


def _column_hint(
    missing: Sequence[str], found: Sequence[str], setting: str, *, labelled: bool
) -> str:
    for name in missing:
        if near := nearest(name, found):
            return f"did you mean {near!r}? Names must be equal in blanks and case"
    return columns_hint(setting, labelled=labelled)


def columns_hint(setting: str, *, labelled: bool) -> str:
    """The options that name columns."""
    options = ["text_column", "label_column"] if labelled else ["text_column"]
    return "name yours with " + " and ".join(option_name(setting, name) for name in options)


def _folded(name: str) -> str:
    return " ".join(name.replace("\ufeff", "").strip("\"'").split()).casefold()


def _rows(
    found: Iterator[bytes | None], row: Callable[[bytes], Row], *, skip_empty: bool = False
) -> Iterator[Row]:
    number = skipped = 0
    for line in found:
        number += 1
        if skip_empty and line is not None and not line.strip():
            skipped += 1
            continue
        try:
            if line is None:
                raise BadRowError(TOO_LONG)
            yield row(line)
        except BadRowError as error:
            # the number of the row tells the line too unless lines were skipped
            where = f" (line {number})" if skipped else ""
            yield BadRowError(f"{error}{where}", error.kept, error.missing).row(len(line or b""))


def _parsed(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:
        raise BadRowError(f"not valid JSON: {error}") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise BadRowError(f"the object names {twice[:80]!r} twice")
    return value


def _kind(value: Any) -> str:
    return "null" if value is None else KINDS.get(type(value), "a number")


class _Text:
    """Text of a stream that JSON values are taken from, one after another."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self._decode = stream, json.JSONDecoder(object_pairs_hook=_object).raw_decode
        self._raw, self._text, self._at, self._ended = b"", "", 0, False

    def next_character(self) -> str:
        """The next character that is no blank, which is not taken; empty at the end."""
        while True:
            rest = self._text[self._at :].lstrip(" \t\r\n")
            self._text, self._at = rest, 0
            if rest or self._ended:
                return rest[:1]
            self._read(BYTES_AT_ONCE)

    def take(self) -> None:
        """Take the next character."""
        self._at += 1

    def value(self) -> tuple[Any, int]:
        """The next value, and its length.

        Raises:
            BadRowError: there is no value that can be read.
        """
        self.next_character()
        while True:
            try:
                value, end = self._decode(self._text, self._at)
                # a number may go on in what was not read yet
                if end < len(self._text) or self._ended:
                    size, self._at = end - self._at, end
                    return value, size
            except (ValueError, RecursionError) as error:
                if self._ended or isinstance(error, RecursionError):
                    raise BadRowError(f"not valid JSON: {error}") from error
            if len(self._text) - self._at > MAX_BYTES:
                raise BadRowError(f"not valid JSON, or {TOO_LONG}")
            # as much again: a value that is read in pieces is parsed but twice as long
            self._read(max(BYTES_AT_ONCE, len(self._text)))

    def _read(self, n: int) -> None:
        try:
            read = self._stream.read(n)
        except OSError as error:
            raise DataError(f"the input cannot be read: {error.strerror or error}") from error
        self._ended = not read
        raw = self._raw + read
        try:
            text, self._raw = raw.decode(), b""
        except UnicodeDecodeError as error:
            if self._ended or error.end < len(raw) or len(raw) - error.start > 3:
                raise BadRowError(f"0x{raw[error.start]:02x} is not UTF-8") from error
            text, self._raw = raw[: error.start].decode(), raw[error.start :]
        self._text += text


def _items(text: _Text, text_column: str, keep: Keep) -> Iterator[Row]:
    """The rows of an array or a sequence of objects; nothing is read behind a broken value."""
    try:
        first = text.next_character()
        if first == "[":
            text.take()
        elif first not in {"", "{"}:
            raise BadRowError("expected a JSON array of objects")
        while (sign := text.next_character()) not in {"", "]"}:
            value, size = text.value()
            try:
                yield row_of_object(value, size, text_column, keep)
            except BadRowError as error:
                yield error.row(size)
            sign = text.next_character()
            if first == "[" and sign == ",":
                text.take()
            elif first == "[" and sign not in {"", "]"}:
                raise BadRowError("not valid JSON: expected ',' or ']' behind an object")
        if first == "[" and sign != "]":
            raise BadRowError("not valid JSON: the array is not closed")
    except BadRowError as error:
        yield BadRowError(f"{error}; nothing behind it can be read", missing=error.missing).row(0)
