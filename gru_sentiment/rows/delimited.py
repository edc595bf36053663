"""Rows of a delimited file such as csv or tsv, while they arrive."""

from __future__ import annotations

import csv
import re
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, BinaryIO

from gru_sentiment.errors import DataError
from gru_sentiment.rows.lines import encoding_hint, lines
from gru_sentiment.rows.reading import Keep, MissingColumnError, Source, check_columns, needed
from gru_sentiment.rows.row import MAX_BYTES, SURROGATE, TOO_LONG, BadRowError, Row, option_name

DELIMITERS = (";", "\t", ",", "|")
"""Looked for in a header that lacks a column."""
MOST_VALUES, MOST_COLUMNS = 1_000, 20
"""Distinct values a column, and columns, that are remembered to tell rows from a long text."""
CLOSED = re.compile(r'[^"]*(?:""[^"]*)*"(?!")')
"""A value up to its closing quote."""


def read_delimited(
    stream: BinaryIO,
    text_column: str,
    keep: Keep,
    *,
    delimiter: str = ",",
    quoted: bool = True,
    setting: str = "data.{}",
) -> Source:
    """A delimited file with a header. Quoted values may hold newlines; empty lines are skipped.

    Args:
        stream: of UTF-8.
        text_column: the column of the texts.
        keep: the columns that come with them.
        delimiter: the character between values.
        quoted: whether values may stand in quotes; otherwise a quote is a character like others.
        setting: how an option is written in messages, with {} for its name.

    Raises:
        DataError: the header cannot be read, or lacks a column.
    """
    records = _Records(stream, delimiter, quoted=quoted)
    header = _header(records, needed(text_column, keep), setting)
    if keep is True and header.count("") > 1:
        raise DataError("the header has columns without a name", hint="name every column once")
    column = header.index(text_column)
    names = header if keep is True else list(keep or ())
    places = [(name, header.index(name)) for name in names]

    def row(record: list[str]) -> Row:
        if len(record) != len(header):
            raise BadRowError(f"{len(record)} fields, the header names {len(header)}")
        if not all(map(str.isascii, record)) and (bad := SURROGATE.search("".join(record))):
            raise BadRowError(f"0x{ord(bad[0]) & 0xFF:02x} is not UTF-8")
        kept = {name: record[i] for name, i in places} if keep else None
        return Row(record[column], sum(map(len, record)), kept)

    rows = _rows(records, row, _HiddenRows(records, len(header), column))
    return Source(rows, names)


def delimited_columns(stream: BinaryIO, *, delimiter: str, quoted: bool, setting: str) -> list[str]:
    """The names of the columns.

    Raises:
        DataError: the header cannot be read.
    """
    return _header(_Records(stream, delimiter, quoted=quoted), [], setting)


def quote_hint(setting: str) -> str:
    """What to do about a quote that opens a value and was not meant to."""
    return (
        "write a quote within a value twice, and the value in quotes; or, if no value stands in "
        f"quotes, set {option_name(setting, 'quoting')} to none"
    )


class _Records:
    """Records of a delimited text, and the lines of the last one, which can be read again."""

    def __init__(self, stream: BinaryIO, delimiter: str, *, quoted: bool) -> None:
        csv.field_size_limit(MAX_BYTES)
        self._lines = lines(stream, lone_returns=True)
        self._again: deque[bytes] = deque()
        self.taken: list[str] = []
        """The lines of the last record."""
        self.number = 0
        """Lines that were read."""
        quoting: Any = csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
        self._dialect: dict[str, Any] = {"delimiter": delimiter, "quoting": quoting}
        self._opening = re.compile(rf'(?:^|{re.escape(delimiter)})"[^"]*(?:""[^"]*)*\Z')
        # strict: text behind a closing quote is an error, and so is a quote that is never closed
        self._reader = csv.reader(self, strict=True, **self._dialect)
        self._taken_bytes = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        """The next line, for the csv module."""
        line = self._again.popleft() if self._again else next(self._lines)
        text = "" if line is None else line.decode("utf-8", "surrogateescape")
        self.number += 1
        self.taken.append(text)
        self._taken_bytes += len(text)
        if line is None or self._taken_bytes > MAX_BYTES:
            raise csv.Error(TOO_LONG)
        return text

    @property
    def first(self) -> int:
        """The number of the first line of the last record."""
        return self.number - len(self.taken) + 1

    def record(self) -> list[str] | None:
        """The next record, empty for an empty line; None at the end.

        Raises:
            csv.Error: it cannot be read.
        """
        self.taken, self._taken_bytes = [], 0
        return next(self._reader, None)

    def read_again(self) -> None:
        """Read the lines of the last record again, but for its first one."""
        again = [line.encode("utf-8", "surrogateescape") for line in self.taken[1:]]
        self._again.extendleft(reversed(again))
        self.number -= len(again)
        del self.taken[1:]

    def leniently(self) -> list[str] | None:
        """The record of a single line with text behind a closing quote, as spreadsheets read it."""
        reader = csv.reader([*self.taken, "\n"], **self._dialect)
        record = next(reader, None)
        return record if reader.line_num == 1 else None

    def parsed(self, line: str) -> list[str]:
        """The values of a line on its own."""
        try:
            return next(csv.reader([line], **self._dialect), [])
        except csv.Error:
            return []

    def without_open_quote(self) -> str:
        """The first line of the last record without the quote that is open at its end."""
        line = self.taken[0].rstrip("\r\n")
        found = self._opening.search(line)
        at = line.index('"', found.start()) if found else len(line)
        return line[:at] + line[at + 1 :]

    def explain(self, error: str) -> str:
        """What is wrong with the last record, given the csv module's words, by its lines."""
        if error.startswith("field larger") or error == TOO_LONG:
            error = TOO_LONG
        before, after = self._open_since()
        if "expected after" in error:
            error = "text stands behind a closing quote"
            if before is not None:
                return (
                    f"the quote that opens in line {self.first + before} closes in line "
                    f"{self.number}, and text goes on behind it"
                )
        elif after is not None and (error == TOO_LONG or error.startswith("unexpected end")):
            closed = "not closed in 8 MiB" if error == TOO_LONG else "never closed"
            return f"the quote that opens in line {self.first + after} is {closed}"
        return error

    def _open_since(self) -> tuple[int | None, int | None]:
        """The taken line whose quote is open before and after the last of them; None if none is."""
        before = after = None
        for i, line in enumerate(self.taken):
            before, rest = after, line.rstrip("\r\n")
            if after is not None:
                closed = CLOSED.match(rest)
                if closed is None:
                    continue
                rest, after = rest[closed.end() :], None
            if self._opening.search(rest):
                after = i
        return before, after


class _HiddenRowsError(BadRowError):
    """Rows stand between two stray quotes."""


class _HiddenRows:
    """Tells a quoted text of several lines from rows between two stray quotes.

    A record of several lines hides rows if each of its lines, read on its own, has as many values
    as the header, and if in a column other than the texts' these values are those of other rows.
    """

    def __init__(self, records: _Records, n_columns: int, text_column: int) -> None:
        self._records, self._n = records, n_columns
        others = [i for i in range(n_columns) if i != text_column][:MOST_COLUMNS]
        self._values: dict[int, set[str]] = {i: set() for i in others}
        self._numbers = dict.fromkeys(others, True)

    def add(self, record: Sequence[str]) -> None:
        """Remember the values of a row that is surely one."""
        for i, values in self._values.items():
            if len(values) < MOST_VALUES:
                values.add(record[i])
                self._numbers[i] &= record[i].isdecimal()

    def stand_in_the_last_record(self) -> bool:
        """Whether the last record hides rows."""
        found, taken = [], self._records.taken
        for line in [*taken[1:-1], _without_closing_quote(taken[-1])]:
            record = self._records.parsed(line)
            if len(record) != self._n:
                return False
            found.append(record)
        first = self._records.parsed(self._records.without_open_quote())
        if len(first) != self._n:
            return False
        return any(self._alike(i, [record[i] for record in (first, *found)]) for i in self._values)

    def _alike(self, column: int, found: list[str]) -> bool:
        known, counts = self._values[column], Counter(found)
        if self._numbers[column] and known and all(map(str.isdecimal, found)):
            return True
        return all(value in known or counts[value] > 1 for value in found)


def _header(records: _Records, wanted: Sequence[str], setting: str) -> list[str]:
    try:
        header = records.record()
        while header == []:
            header = records.record()
    except csv.Error as error:
        raise DataError(
            f"no header can be read: {records.explain(str(error))}", hint=quote_hint(setting)
        ) from error
    if header is None:
        raise DataError("the input is empty", hint="its first line must name the columns")
    if SURROGATE.search("".join(header)):
        raw = "".join(header).encode("utf-8", "surrogateescape")
        raise DataError(
            "the header is not UTF-8", hint=encoding_hint(raw, option_name(setting, "encoding"))
        )
    try:
        check_columns(header, wanted, setting, "the header")
    except MissingColumnError as error:
        error.hint = _dialect_hint(header, wanted, setting) or error.hint
        raise
    return header


def _dialect_hint(header: Sequence[str], wanted: Sequence[str], setting: str) -> str:
    """The option to set where another dialect has the columns; empty where none has."""
    if len(header) == 1:
        for sign in DELIMITERS:
            if sign in header[0]:
                shown = "a tab" if sign == "\t" else repr(sign)
                option = option_name(setting, "delimiter")
                return f"if {shown} separates the columns, set {option} to it"
    if any(f'"{name}"' in header for name in wanted):
        return f"the names stand in quotes: set {option_name(setting, 'quoting')} to double"
    return ""


def _rows(records: _Records, row: Callable[[list[str]], Row], hidden: _HiddenRows) -> Iterator[Row]:
    while True:
        try:
            record = records.record()
            if record is None:
                return
            if not record:
                continue
            if len(records.taken) > 1 and hidden.stand_in_the_last_record():
                raise _HiddenRowsError(
                    f"the quote that opens in line {records.first} closes in line "
                    f"{records.number}, and rows stand between them"
                )
            found = row(record)
            if len(records.taken) == 1:
                hidden.add(record)
            yield found
        except csv.Error as error:
            lenient = records.leniently() if len(records.taken) == 1 else None
            try:
                if lenient is None or "expected after" not in str(error):
                    raise BadRowError(records.explain(str(error)))
                yield row(lenient)
            except BadRowError as wrong:
                records.read_again()
                yield _placed(wrong, records.first).row(0)
        except BadRowError as error:
            if isinstance(error, _HiddenRowsError):
                records.read_again()
            yield _placed(error, records.first).row(0)


def _without_closing_quote(line: str) -> str:
    """A line that begins within quotes, without the quote that closes them."""
    closed = CLOSED.match(line)
    return line if closed is None else line[: closed.end() - 1] + line[closed.end() :]


def _placed(error: BadRowError, line: int) -> BadRowError:
    """The error with the line of the row, unless it names lines already."""
    return error if " in line " in str(error) else BadRowError(f"{error} (line {line})")
