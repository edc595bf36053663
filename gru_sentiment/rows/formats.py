"""The formats of inputs and outputs, and how they are opened."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO

from gru_sentiment.errors import DataError, ReaderLeftError
from gru_sentiment.results.predictions import Label
from gru_sentiment.rows.output import LineOutput, Output, written
from gru_sentiment.rows.parquet import ParquetOutput, read_parquet
from gru_sentiment.rows.reading import Source, read_delimited, read_jsonl, read_text
from gru_sentiment.rows.rendering import Delimited, JsonLines, Rendering

Place = Path | BinaryIO
"""A file, or an open stream: the standard input or output."""

SUFFIXES = {
    ".txt": "text",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
}
DELIMITERS = {"csv": ",", "tsv": "\t"}
ROW_READERS: dict[str, Callable[[BinaryIO, str, bool], Source]] = {
    "text": read_text,
    "jsonl": read_jsonl,
    **{name: partial(read_delimited, delimiter=sign) for name, sign in DELIMITERS.items()},
}
KEEPS = {
    "jsonl": {"text", "jsonl", "csv", "tsv"},
    "csv": {"text", "csv", "tsv"},
    "tsv": {"text", "csv", "tsv"},
    "parquet": {"parquet"},
}
"""By format of the output: the inputs whose columns it can hold."""


def input_format(source: Place, chosen: str) -> str:
    """The format of an input: `chosen`; or for `auto` by the file's name, text for a stream.

    Raises:
        DataError: the name has no known ending, or parquet is chosen for a stream.
    """
    if not isinstance(source, Path):
        if chosen == "parquet":
            raise DataError("--input -: parquet cannot be read from a stream", hint="name a file")
        return "text" if chosen == "auto" else chosen
    if chosen != "auto":
        return chosen
    try:
        return SUFFIXES[source.suffix.lower()]
    except KeyError:
        raise DataError(
            f"{source}: unknown kind of file {source.suffix!r}",
            hint=f"known: {', '.join(SUFFIXES)}; or say --format text, jsonl, csv, tsv or parquet",
        ) from None


def output_format(target: Place, chosen: str, source_format: str) -> str:
    """The format of an output: `chosen`; or for `auto` by the file's name, else as the input.

    Raises:
        DataError: parquet is chosen for a stream.
    """
    if not isinstance(target, Path):
        if chosen == "parquet":
            raise DataError("--output -: parquet cannot be written to a stream", hint="name a file")
        lines = source_format if source_format in DELIMITERS else "jsonl"
        return lines if chosen == "auto" else chosen
    if chosen != "auto":
        return chosen
    by_name = SUFFIXES.get(target.suffix.lower(), "text")
    inferred = source_format if by_name == "text" else by_name
    return "jsonl" if inferred == "text" else inferred


def check_formats(read: str, write: str, *, keep: bool, resume: bool) -> None:
    """Check that these formats can keep the input's columns, or be resumed.

    Raises:
        DataError: they cannot.
    """
    if keep and read not in KEEPS[write]:
        fitting = "jsonl" if read == "jsonl" else read
        raise DataError(
            f"--keep-columns: {write} cannot hold the columns of {read}",
            hint=f"write {fitting}: --output-format {fitting}",
        )
    if resume and write == "parquet":
        raise DataError(
            "--resume: a parquet file that was not finished cannot be read",
            hint="start anew without --resume, or write jsonl, csv or tsv",
        )


@contextmanager
def opened_source(source: Place, kind: str, text_column: str, *, keep: bool) -> Iterator[Source]:
    """Open the rows of an input.

    Raises:
        DataError: the input cannot be read, or has no such column.
    """
    if not isinstance(source, Path):
        yield ROW_READERS[kind](source, text_column, keep)
    elif kind == "parquet":
        yield read_parquet(_existing(source), text_column, keep)
    else:
        try:
            stream = _existing(source).open("rb")
        except OSError as error:
            raise DataError(f"{source}: cannot be read: {error.strerror}") from error
        with stream:
            yield ROW_READERS[kind](stream, text_column, keep)


@contextmanager
def opened_output(
    target: Place, kind: str, source: Source, classes: Sequence[Label], *, resume: bool
) -> Iterator[Output]:
    """Open an output; with `resume` rows are added to those that it holds.

    Raises:
        DataError: the output cannot be written, or holds something else.
    """
    with writing(target):
        if kind == "parquet":
            assert isinstance(target, Path)
            with ParquetOutput(target, classes, source.kept) as table:
                yield table
            return
        rendering = _rendering(kind, list(map(str, classes)), source.kept.names)
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


def _rendering(kind: str, classes: Sequence[str], kept: Sequence[str]) -> Rendering:
    return JsonLines() if kind == "jsonl" else Delimited(DELIMITERS[kind], classes, kept)


def _existing(path: Path) -> Path:
    if not path.exists():
        raise DataError(f"{path}: no such file", hint="check the path of --input")
    return path
