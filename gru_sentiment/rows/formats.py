"""The formats of inputs and outputs, and how they are opened."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from gru_sentiment.errors import DataError, ReaderLeftError
from gru_sentiment.results.predictions import Label
from gru_sentiment.rows.delimited import delimited_columns, read_delimited
from gru_sentiment.rows.lines import AHEAD, ahead, utf8
from gru_sentiment.rows.output import LineOutput, Output, written
from gru_sentiment.rows.parquet import ParquetOutput, parquet_names, read_parquet
from gru_sentiment.rows.reading import (
    Keep,
    Source,
    json_columns,
    nearest,
    read_json,
    read_jsonl,
    read_text,
)
from gru_sentiment.rows.rendering import Delimited, JsonLines, Rendering
from gru_sentiment.rows.row import Row, option_name

Place = Path | BinaryIO
"""A file, or an open stream: the standard input or output."""

SUFFIXES = {
    ".txt": "text",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".csv": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
}
"""Formats by the ending of a name, behind which .gz may stand."""
DELIMITED = {"csv": ",", "tsv": "\t"}
TABS = {"tab": "\t", "\\t": "\t"}
"""How a tab may be written as a delimiter."""
OTHER_KINDS = {
    **dict.fromkeys((".xlsx", ".xls", ".xlsm", ".ods"), "save the sheet as CSV (UTF-8)"),
    **dict.fromkeys((".zip", ".7z", ".rar", ".tar", ".tgz"), "unpack it"),
    **dict.fromkeys((".bz2", ".xz", ".zst"), "unpack it, or pack it with gzip"),
}
"""What to do about files of kinds that are not read."""
LOOKED_AT = 5
"""Lines of a stream that tell columns from texts."""
ROW_READERS: dict[str, Callable[[BinaryIO, str, Keep], Source]] = {
    "text": read_text,
    "jsonl": read_jsonl,
    "json": read_json,
}
KEEPS = {
    "jsonl": {"text", "jsonl", "json", "csv", "tsv"},
    "csv": {"text", "csv", "tsv"},
    "tsv": {"text", "csv", "tsv"},
    "parquet": {"parquet"},
}
"""By format of the output: the inputs whose columns it can hold."""


@dataclass(frozen=True)
class Dialect:
    """How a text file is written, as far as its name does not tell."""

    delimiter: str | None = None
    """The character between the values of a line; None is a comma, in a .tsv file a tab."""
    quoting: str = "auto"
    """`double`: values may stand in double quotes. `none`: a quote is a character like others.
    `auto`: none in a .tsv file, else double."""
    encoding: str | None = None
    """Of the text; None goes by a byte order mark, else is UTF-8."""
    setting: str = "data.{}"
    """How these settings are written in messages, with {} for the name."""

    def __post_init__(self) -> None:
        if self.delimiter is not None and (
            len(self.sign or "") != 1 or self.sign in {'"', "\r", "\n"}
        ):
            option = option_name(self.setting, "delimiter")
            raise DataError(
                f"{option}: {self.delimiter!r} cannot separate values",
                hint="give one character, such as ';', or tab",
            )

    @property
    def sign(self) -> str | None:
        """The delimiter as it stands in the file."""
        return TABS.get(self.delimiter or "", self.delimiter)

    @classmethod
    def of(cls, settings: Mapping[str, str | None]) -> Dialect:
        """The dialect of settings by name; one that is None or not there has its default."""
        return cls(**{name: value for name, value in settings.items() if value is not None})


def input_format(source: Place, chosen: str, text_column: str = "text") -> str:
    """The format of an input: `chosen`; or for `auto` by the file's name, or what a stream holds.

    Raises:
        DataError: the name has no known ending, parquet is chosen for a stream, or a stream seems
            to hold columns and names none of them as the text's.
    """
    if not isinstance(source, Path):
        if chosen == "parquet":
            raise DataError("--input -: parquet cannot be read from a stream", hint="name a file")
        return _format_of_stream(source, text_column) if chosen == "auto" else chosen
    if chosen != "auto":
        return chosen
    return format_of(source, "; or say --format text, jsonl, json, csv, tsv or parquet")


def format_of(path: Path, hint: str = "") -> str:
    """The format of a file by its name.

    Raises:
        DataError: the name has no known ending.
    """
    suffix = Path(path.name.lower().removesuffix(".gz")).suffix
    try:
        return SUFFIXES[suffix]
    except KeyError:
        raise DataError(
            f"{path}: unknown kind of file {path.suffix!r}",
            hint=OTHER_KINDS.get(suffix, f"known: {', '.join(SUFFIXES)}, also with .gz{hint}"),
        ) from None


def _format_of_stream(stream: BinaryIO, text_column: str) -> str:
    """The format that the first lines of a stream have; they are not taken from it.

    Raises:
        DataError: they seem to have columns, and none of them is the text's.
    """
    try:
        content = ahead(stream)[:AHEAD].decode("utf-8-sig", "ignore")
    except OSError:
        return "text"  # the reader of it tells what is wrong
    whole = content.splitlines()[: LOOKED_AT + 1]
    if whole and whole[0].startswith("{") and text_column in whole[0]:
        return "jsonl"
    for sign in ";|":
        if nearest(text_column, whole[0].split(sign) if whole and sign in whole[0] else []):
            raise DataError(
                f"--input -: seems to be csv with {sign!r} between the values",
                hint=f"say --format csv --delimiter {sign!r}",
            )
    for kind, delimiter in DELIMITED.items():
        rows = list(csv.reader(whole, delimiter=delimiter))
        header = rows[0] if rows else []
        if len(header) > 1 and nearest(text_column, header):
            return kind
        # the last line may be cut off
        alike = [len(row) == len(header) for row in rows[:LOOKED_AT]]
        if len(header) > 1 and len(rows) > LOOKED_AT and all(alike):
            raise DataError(
                f"--input -: seems to be {kind} with the columns {', '.join(header)[:80]}",
                hint=f"say --format {kind} and --text-column NAME, or --format text if each line "
                "is a text",
            )
    return "text"


def output_format(target: Place, chosen: str, source_format: str) -> str:
    """The format of an output: `chosen`; or for `auto` by the file's name, else as the input.

    Raises:
        DataError: parquet is chosen for a stream.
    """
    if not isinstance(target, Path):
        if chosen == "parquet":
            raise DataError("--output -: parquet cannot be written to a stream", hint="name a file")
        lines = source_format if source_format in DELIMITED else "jsonl"
        return lines if chosen == "auto" else chosen
    if chosen != "auto":
        return chosen
    if target.suffix.lower() == ".gz":
        raise DataError(
            f"{target}: packed output is not written", hint="leave .gz out, and pack it afterwards"
        )
    by_name = SUFFIXES.get(target.suffix.lower(), "text")
    by_name = "jsonl" if by_name == "json" else by_name
    inferred = source_format if by_name == "text" else by_name
    return "jsonl" if inferred in {"text", "json"} else inferred


def check_formats(read: str, write: str, *, keep: bool, resume: bool) -> None:
    """Check that these formats can keep the input's columns, or be resumed.

    Raises:
        DataError: they cannot.
    """
    if keep and read not in KEEPS[write]:
        fitting = "jsonl" if read == "json" else read
        raise DataError(
            f"--keep-columns: {write} cannot hold the columns of {read}",
            hint=f"write {fitting}: --output-format {fitting}",
        )
    if resume and write == "parquet":
        raise DataError(
            "--resume: a parquet file that was not finished cannot be read",
            hint="start anew without --resume, or write jsonl, csv or tsv",
        )


def column_names(path: Path, dialect: Dialect) -> list[str]:
    """The columns of a file; of jsonl, json and parquet, those with texts come first.

    Raises:
        DataError: the file cannot be read, or is one of a kind that has no columns.
    """
    kind = format_of(path)
    with named(path):
        if kind == "text":
            raise DataError(
                "a .txt file holds texts alone, and no labels",
                hint="give a csv, tsv, jsonl, json or parquet file",
            )
        if kind == "parquet":
            return parquet_names(existing(path))
        with _opened(path) as stream:
            text = _as_utf8(stream, dialect)
            if kind in DELIMITED:
                return delimited_columns(text, **_delimited_options(kind, dialect))
            return json_columns(text)


@contextmanager
def opened_source(
    source: Place, kind: str, text_column: str, *, keep: Keep, dialect: Dialect | None = None
) -> Iterator[Source]:
    """Open the rows of an input.

    Raises:
        DataError: the input cannot be read, or has no such column.
    """
    dialect = dialect or Dialect()
    if not isinstance(source, Path):
        yield _text_source(source, kind, text_column, keep, dialect)
        return
    with named(source):
        path = existing(source)
        if kind == "parquet":
            found = read_parquet(path, text_column, bool(keep), setting=dialect.setting)
            yield replace(found, rows=_named_rows(source, found.rows))
            return
        stream = _opened(path)
    with stream:
        with named(source):
            found = _text_source(stream, kind, text_column, keep, dialect)
        yield replace(found, rows=_named_rows(source, found.rows))


@contextmanager
def opened_output(
    target: Place,
    kind: str,
    source: Source,
    classes: Sequence[Label],
    *,
    separator: str | None = None,
    resume: bool,
) -> Iterator[Output]:
    """Open an output; with `resume` rows are added to those that it holds.

    Args:
        target: a file or a stream.
        kind: its format.
        source: of the rows.
        classes: of the predictions.
        separator: stands between the classes of a row that is predicted to have any number.
        resume: whether the output of an interrupted job is continued.

    Raises:
        DataError: the output cannot be written, or holds something else.
    """
    with writing(target):
        if kind == "parquet":
            assert isinstance(target, Path)
            lists = separator is not None
            with ParquetOutput(target, classes, source.schema, lists=lists) as table:
                yield table
            return
        names = list(map(str, classes))
        rendering = _rendering(kind, names, source.kept, separator or "")
        if not isinstance(target, Path):
            yield LineOutput(target, rendering)
            return
        before = written(target, rendering) if resume and target.exists() else None
        with target.open("r+b" if before else "wb") as stream:
            yield LineOutput(stream, rendering, before)


@contextmanager
def writing(target: Place) -> Iterator[None]:
    """Turn errors of the disk into errors that the user can fix.

    Raises:
        DataError: the output cannot be written.
        ReaderLeftError: the output is a pipe that nobody reads any more.
    """
    try:
        yield
    except BrokenPipeError as error:
        raise ReaderLeftError from error
    except OSError as error:
        raise DataError(
            f"{target if isinstance(target, Path) else 'the output'}: cannot be written: "
            f"{error.strerror or error}",
            hint="free some space and use --resume, or choose another --output",
        ) from error


def _rendering(kind: str, classes: Sequence[str], kept: Sequence[str], separator: str) -> Rendering:
    if kind == "jsonl":
        return JsonLines()
    return Delimited(DELIMITED[kind], classes, kept, separator)


def _text_source(
    stream: BinaryIO, kind: str, text_column: str, keep: Keep, dialect: Dialect
) -> Source:
    stream = _as_utf8(stream, dialect)
    if kind not in DELIMITED:
        return ROW_READERS[kind](stream, text_column, keep)
    return read_delimited(stream, text_column, keep, **_delimited_options(kind, dialect))


def _opened(path: Path) -> BinaryIO:
    try:
        return existing(path).open("rb", AHEAD)
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}") from error


def _as_utf8(stream: BinaryIO, dialect: Dialect) -> BinaryIO:
    return utf8(stream, dialect.encoding, option_name(dialect.setting, "encoding"))


def _delimited_options(kind: str, dialect: Dialect) -> dict[str, Any]:
    return {
        "delimiter": dialect.sign or DELIMITED[kind],
        "quoted": dialect.quoting == "double" or (dialect.quoting == "auto" and kind != "tsv"),
        "setting": dialect.setting,
    }


@contextmanager
def named(path: Path) -> Iterator[None]:
    """Errors about a file, with its name in them."""
    try:
        yield
    except DataError as error:
        error.args = (f"{path}: {error.cause}",)
        error.cause = f"{path}: {error.cause}"
        raise


def _named_rows(path: Path, rows: Iterator[Row]) -> Iterator[Row]:
    with named(path):
        yield from rows


def existing(path: Path) -> Path:
    """The path of a file, or of another thing that can be read such as a pipe.

    Raises:
        DataError: nothing is there; names the files that are.
    """
    if path.exists() and not path.is_dir():
        return path
    near = [p.name for p in sorted(path.parent.glob("*")) if p.suffix in SUFFIXES and p.is_file()]
    hint = f"files there: {', '.join(near[:10])}" if near else "check the path"
    raise DataError("is a folder" if path.is_dir() else "no such file", hint=hint)
