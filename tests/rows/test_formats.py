"""Which format a name stands for, what goes together, and files that cannot be opened."""

from __future__ import annotations

import errno
import io
import os
from pathlib import Path

import pytest

from gru_sentiment.errors import DataError, ReaderLeftError
from gru_sentiment.rows.formats import (
    check_formats,
    input_format,
    opened_output,
    opened_source,
    output_format,
    writing,
)
from gru_sentiment.rows.reading import Source

STREAM = io.BytesIO()


@pytest.mark.parametrize(
    ("source", "wanted", "expected"),
    [
        (Path("a.txt"), "auto", "text"),
        (Path("a.JSONL"), "auto", "jsonl"),
        (Path("a.ndjson"), "auto", "jsonl"),
        (Path("a.csv"), "auto", "csv"),
        (Path("a.tsv"), "auto", "tsv"),
        (Path("a.json"), "auto", "json"),
        (Path("a.csv.gz"), "auto", "csv"),
        (Path("a.JSONL.GZ"), "auto", "jsonl"),
        (Path("a.parquet"), "auto", "parquet"),
        (Path("a.log"), "text", "text"),
        (Path("a.csv"), "text", "text"),
        (STREAM, "auto", "text"),
        (STREAM, "csv", "csv"),
    ],
)
def test_how_an_input_is_read(source: Path | io.BytesIO, wanted: str, expected: str) -> None:
    assert input_format(source, wanted) == expected


@pytest.mark.parametrize("name", ["a.log", "a", "a.gz"])
def test_a_name_that_says_nothing(name: str) -> None:
    with pytest.raises(DataError, match="unknown kind of file") as caught:
        input_format(Path(name), "auto")
    assert "--format text, jsonl, json, csv" in caught.value.hint


@pytest.mark.parametrize(
    ("target", "wanted", "read", "expected"),
    [
        (Path("a.csv"), "auto", "jsonl", "csv"),
        (Path("a.parquet"), "auto", "text", "parquet"),
        (Path("a.csv"), "jsonl", "csv", "jsonl"),
        (Path("a.out"), "auto", "tsv", "tsv"),
        (Path("a.out"), "auto", "parquet", "parquet"),
        (Path("a.txt"), "auto", "text", "jsonl"),
        (Path("a.txt"), "auto", "csv", "csv"),
        (STREAM, "auto", "text", "jsonl"),
        (STREAM, "auto", "jsonl", "jsonl"),
        (STREAM, "auto", "csv", "csv"),
        (STREAM, "auto", "parquet", "jsonl"),
        (STREAM, "tsv", "parquet", "tsv"),
    ],
)
def test_how_an_output_is_written(
    target: Path | io.BytesIO, wanted: str, read: str, expected: str
) -> None:
    assert output_format(target, wanted, read) == expected


def test_parquet_needs_files() -> None:
    with pytest.raises(DataError, match="cannot be read from a stream"):
        input_format(STREAM, "parquet")
    with pytest.raises(DataError, match="cannot be written to a stream"):
        output_format(STREAM, "parquet", "text")


@pytest.mark.parametrize(
    ("read", "write", "hint"),
    [
        ("jsonl", "csv", "jsonl"),
        ("jsonl", "parquet", "jsonl"),
        ("csv", "parquet", "csv"),
        ("parquet", "jsonl", "parquet"),
    ],
)
def test_columns_that_an_output_cannot_hold(read: str, write: str, hint: str) -> None:
    check_formats(read, write, keep=False, resume=False)
    with pytest.raises(DataError, match=f"{write} cannot hold the columns of {read}") as caught:
        check_formats(read, write, keep=True, resume=False)
    assert f"--output-format {hint}" in caught.value.hint


@pytest.mark.parametrize(("read", "write"), [("text", "csv"), ("csv", "jsonl"), ("tsv", "csv")])
def test_columns_that_an_output_can_hold(read: str, write: str) -> None:
    check_formats(read, write, keep=True, resume=True)


def test_parquet_cannot_be_gone_on_with() -> None:
    with pytest.raises(DataError, match="cannot be read") as caught:
        check_formats("parquet", "parquet", keep=False, resume=True)
    assert "without --resume" in caught.value.hint


@pytest.mark.parametrize("kind", ["text", "parquet"])
def test_an_input_that_is_not_there(tmp_path: Path, kind: str) -> None:
    with (
        pytest.raises(DataError, match="no such file"),
        opened_source(tmp_path / "nope", kind, "text", keep=False),
    ):
        pass


def test_folders_are_no_files(tmp_path: Path) -> None:
    with (
        pytest.raises(DataError, match="is a folder"),
        opened_source(tmp_path, "text", "text", keep=False),
    ):
        pass
    with (
        pytest.raises(DataError, match="cannot be written: Is a directory"),
        opened_output(tmp_path, "jsonl", Source(iter([])), ["a", "b"], resume=False),
    ):
        pass


def test_a_disk_that_is_full_and_a_pipe_that_is_closed(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="No space left") as caught, writing(tmp_path / "out"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert "--resume" in caught.value.hint
    with pytest.raises(ReaderLeftError), writing(STREAM):
        raise BrokenPipeError


@pytest.mark.parametrize(
    ("name", "hint"),
    [("a.xlsx", "save the sheet as CSV"), ("a.ods", "as CSV"), ("a.zip", "unpack it")],
)
def test_files_of_other_kinds(name: str, hint: str) -> None:
    with pytest.raises(DataError, match=f"{name}: unknown kind of file") as caught:
        input_format(Path(name), "auto")
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"text,label\nfine,good\n", "csv"),
        (b"id\ttext\n1\tfine\n", "tsv"),
        (b'{"text": "fine"}\n', "jsonl"),
        (b"Text,label\nfine,good\n", "csv"),
        (b"A text, and a label\nof two lines\n", "text"),
        (b"one\ntwo\n", "text"),
        (b"text\nfine\n", "text"),
        (b"", "text"),
    ],
)
def test_what_a_stream_holds(content: bytes, expected: str) -> None:
    stream = io.BufferedReader(io.BytesIO(content))  # type: ignore[arg-type]
    assert input_format(stream, "auto") == expected
    assert stream.read() == content


@pytest.mark.parametrize(
    ("content", "cause", "hint"),
    [
        (b"a,b\n" * 6, "csv with the columns a, b", "--format csv and --text-column"),
        (b"text;label\nfine;good\n", "csv with ';' between", "--format csv --delimiter ';'"),
    ],
)
def test_a_stream_of_columns_that_are_not_named(content: bytes, cause: str, hint: str) -> None:
    stream = io.BufferedReader(io.BytesIO(content))  # type: ignore[arg-type]
    with pytest.raises(DataError, match=f"^--input -: seems to be .*{cause}") as caught:
        input_format(stream, "auto")
    assert hint in caught.value.hint


def test_packed_output_is_refused() -> None:
    with pytest.raises(DataError, match=r"a.csv.gz: packed output is not written"):
        output_format(Path("a.csv.gz"), "auto", "csv")
