"""Columns of a csv, tsv, jsonl, json or parquet file."""

from __future__ import annotations

import codecs
import csv
import io
import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from gru_sentiment.errors import DataError
from gru_sentiment.sources.records import first_line, integers_where_all_are

MAX_HEADER = 1 << 20
"""Bytes of a delimited file that the header lies in."""


class MissingColumnError(DataError):
    """A file lacks columns that are needed; `missing` names them."""

    def __init__(self, cause: str, *, missing: Sequence[str], hint: str) -> None:
        super().__init__(cause, hint=hint)
        self.missing = missing


Columns = dict[str, list[Any]]


def csv_columns(path: Path, wanted: Sequence[str], *, delimiter: str = ",") -> Columns:
    """Read columns of a delimited file with a header; quoted values may hold newlines.

    Raises:
        DataError: the file cannot be read, is malformed or lacks a column.
    """
    # `wanted` begins with the text column
    raw = _utf8(path)
    header = _header(path, raw, delimiter)
    _require(path, wanted, header)
    options = pyarrow.csv.ConvertOptions(
        include_columns=list(dict.fromkeys(wanted)),
        column_types={name: pa.large_string() for name in wanted},
        strings_can_be_null=False,
    )
    try:
        table = pyarrow.csv.read_csv(
            io.BytesIO(raw + b"\n"),  # a header without rows needs a line end
            parse_options=pyarrow.csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            read_options=pyarrow.csv.ReadOptions(block_size=max(len(raw) + 1, 1 << 20)),
            convert_options=options,
        )
    except pa.ArrowInvalid as error:
        raise DataError(
            f"{path}: not a well-formed file of {len(header)} columns: {first_line(error)}",
            hint="a value that holds the delimiter, a quote or a newline must stand in quotes",
        ) from error
    columns: Columns = {name: table[name].to_pylist() for name in wanted}
    labels = {name: integers_where_all_are(columns[name]) for name in wanted[1:]}
    return columns | labels


def _header(path: Path, raw: bytes, delimiter: str) -> list[str]:
    start = raw[:MAX_HEADER].decode("utf-8-sig", "ignore")
    try:
        rows = csv.reader(io.StringIO(start, newline=None), delimiter=delimiter)
        return next((row for row in rows if row), [])
    except csv.Error as error:
        raise DataError(f"{path}: no header can be read: {error}") from error


def tsv_columns(path: Path, wanted: Sequence[str]) -> Columns:
    """Read columns of a tab-separated file with a header; see `csv_columns`."""
    return csv_columns(path, wanted, delimiter="\t")


def jsonl_columns(path: Path, wanted: Sequence[str]) -> Columns:
    """Read columns of a file with one JSON object in each line; empty lines are skipped.

    Raises:
        DataError: the file cannot be read, is malformed or lacks a column.
    """
    lines = _utf8(path).decode("utf-8-sig").split("\n")
    return _from_objects(
        path,
        wanted,
        (
            (f"line {n}", _parsed(path, f"line {n}", line))
            for n, line in enumerate(lines, 1)
            if line.strip()
        ),
    )


def json_columns(path: Path, wanted: Sequence[str]) -> Columns:
    """Read columns of a JSON array of objects; see `jsonl_columns`."""
    values = _parsed(path, "file", _utf8(path).decode("utf-8-sig"))
    if not isinstance(values, list):
        raise DataError(
            f"{path}: expected a JSON array of objects", hint="one object a line is .jsonl"
        )
    return _from_objects(path, wanted, ((f"item {n}", value) for n, value in enumerate(values, 1)))


def parquet_columns(path: Path, wanted: Sequence[str]) -> Columns:
    """Read columns of a parquet file; the first one holds texts.

    Raises:
        DataError: the file cannot be read, lacks a column, or its texts are not strings.
    """
    try:
        file = pyarrow.parquet.ParquetFile(_existing(path))
        _require(path, wanted, file.schema_arrow.names)
        table = file.read(columns=list(dict.fromkeys(wanted)))
    except (pa.ArrowInvalid, OSError) as error:
        raise DataError(f"{path}: not a readable parquet file: {first_line(error)}") from error
    kind = table.schema.field(wanted[0]).type
    # pandas writes a categorical column as a dictionary; other programs write repeated values so
    text = kind.value_type if pa.types.is_dictionary(kind) else kind
    if not (pa.types.is_string(text) or pa.types.is_large_string(text)):
        raise DataError(f"{path}: column {wanted[0]} holds {kind}, expected strings")
    return {name: table[name].to_pylist() for name in wanted}


FILE_READERS: dict[str, Callable[[Path, Sequence[str]], Columns]] = {
    ".csv": csv_columns,
    ".tsv": tsv_columns,
    ".jsonl": jsonl_columns,
    ".json": json_columns,
    ".parquet": parquet_columns,
}


def _existing(path: Path) -> Path:
    if not path.is_file():
        near = sorted(p.name for p in path.parent.glob("*") if p.suffix in FILE_READERS)[:10]
        hint = f"files there: {', '.join(near)}" if near else "check the path"
        raise DataError(f"{path}: no such file", hint=hint)
    return path


def _utf8(path: Path) -> bytes:
    """The bytes of the file, checked to be UTF-8 and not blank."""
    try:
        raw = _existing(path).read_bytes()
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"{path}: line {line}, byte {error.start}: 0x{raw[error.start]:02x} is not UTF-8",
            hint=f"convert it, for instance: iconv -f latin1 -t utf-8 {path.name}",
        ) from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    if not raw.removeprefix(codecs.BOM_UTF8).strip():
        raise DataError(f"{path}: the file is empty")
    return raw


def _require(path: Path, wanted: Iterable[str], found: Sequence[str]) -> None:
    missing = [name for name in wanted if name not in found]
    if missing:
        raise MissingColumnError(
            f"{path}: no column {', '.join(map(repr, missing))}; columns found: {', '.join(found)}",
            missing=missing,
            hint="name yours with data.text_column and data.label_column",
        )


def _from_objects(path: Path, wanted: Sequence[str], items: Iterable[tuple[str, Any]]) -> Columns:
    columns: Columns = {name: [] for name in wanted}
    for where, value in items:
        if not isinstance(value, dict):
            raise DataError(f"{path}: {where}: expected an object with {' and '.join(wanted)}")
        _require(Path(f"{path}, {where}"), wanted, list(value))
        text = value[wanted[0]]
        if text is not None and not isinstance(text, str):
            raise DataError(
                f"{path}: {where}: {wanted[0]} is {type(text).__name__}, expected a string"
            )
        for name in wanted:
            _require_unicode(path, f"{where}: {name}", value[name])
            columns[name].append(value[name])
    return columns


def _require_unicode(path: Path, where: str, value: Any) -> None:
    try:
        str(value).encode()
    except UnicodeEncodeError as error:
        raise DataError(
            f"{path}: {where}: half a character, \\u{ord(error.object[error.start]):04x}, "
            "which UTF-8 cannot write",
            hint="the text was cut between the two halves of a surrogate pair",
        ) from error


def _parsed(path: Path, where: str, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: {where} is not valid JSON: {error}") from error
