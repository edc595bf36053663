"""Reading rows from parquet and writing scored rows to parquet, a group at a time.

pyarrow is imported where it is used, so that other formats do without it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from gru_sentiment.errors import DataError
from gru_sentiment.results.predictions import Label
from gru_sentiment.rows.columns import NUMBER, kept_names, prediction_columns, prediction_values
from gru_sentiment.rows.reading import Source, check_columns
from gru_sentiment.rows.row import MAX_BYTES, TOO_LONG, BadRowError, Row, ScoredRow, decoded

if TYPE_CHECKING:
    import pyarrow as pa

BATCH = 1_024
"""Rows read at a time."""


def read_parquet(path: Path, text_column: str, keep: bool, *, setting: str = "data.{}") -> Source:
    """The rows of a file; with `keep` all its columns come with them.

    Args:
        path: the file.
        text_column: the column of the texts.
        keep: whether the other columns come with them.
        setting: how an option is written in messages, with {} for its name.

    Raises:
        DataError: the file is not readable parquet, or has no such column of strings.
    """
    file = _opened(path)
    _check_column(file.schema_arrow, text_column, [text_column], setting)
    rows, schema = _rows(file, text_column, keep), file.schema_arrow
    return Source(rows, schema.names, schema) if keep else Source(rows)


def parquet_columns(
    path: Path, wanted: Sequence[str], setting: str = "data.{}"
) -> tuple[Iterator[Row], dict[str, list[Any]]]:
    """The rows of a file, and the values of some of its columns, the first of which holds texts.

    Raises:
        DataError: see `read_parquet`; or it lacks a column.
    """
    import pyarrow as pa

    text_column, *others = wanted
    file = _opened(path)
    _check_column(file.schema_arrow, text_column, wanted, setting)
    try:
        table = file.read(columns=list(dict.fromkeys(others)))
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(error) from error
    values = {name: table[name].to_pylist() for name in others}
    return _rows(_opened(path), text_column, False), values


def parquet_names(path: Path) -> list[str]:
    """The columns of a file; those with strings first.

    Raises:
        DataError: the file is not readable parquet.
    """
    schema = _opened(path).schema_arrow
    return sorted(schema.names, key=lambda name: not _is_text(schema.field(name).type))


class ParquetOutput:
    """A parquet file, which appears when it is complete: it could not be read before.

    Args:
        path: the file.
        classes: of the predictions.
        kept: the columns that are copied; None where none are.
        lists: whether a label is a list of classes.
    """

    done = 0

    def __init__(
        self, path: Path, classes: Sequence[Label], kept: pa.Schema | None, *, lists: bool = False
    ) -> None:
        import pyarrow as pa
        import pyarrow.parquet

        self._path = path.resolve()
        self._partial = self._path.with_name(f".{self._path.name}.{os.getpid()}.tmp")
        self._classes = list(map(str, classes))
        columns = prediction_columns(self._classes)
        numbers = all(isinstance(label, int) for label in classes)
        self._convert = int if numbers else str
        fields: list[pa.Field] = list(kept or [])
        names = kept_names([field.name for field in fields], columns)
        copied = [field.with_name(name) for field, name in zip(fields, names, strict=True)]
        label = pa.int64() if numbers else pa.string()
        kinds = [pa.list_(label) if lists else label, *[pa.float64()] * len(classes)]
        kinds += [pa.int64(), pa.float64(), pa.bool_(), pa.string()]
        self._copied = len(copied)
        self._schema = pa.schema([(NUMBER, pa.int64()), *copied, *zip(columns, kinds, strict=True)])
        self._writer = pyarrow.parquet.ParquetWriter(self._partial, self._schema)

    def write(self, rows: Sequence[ScoredRow]) -> None:
        """Write consecutive rows as one row group."""
        import pyarrow as pa

        values = [prediction_values(row, self._classes) for row in rows]
        labels, *others = zip(*values, strict=True)
        columns: list[Any] = [
            [row.number for row in rows],
            *self._kept(rows),
            [self._label(label) for label in labels],
            *others,
        ]
        arrays = [
            column if isinstance(column, pa.Array | pa.ChunkedArray) else pa.array(column, kind)
            for column, kind in zip(columns, self._schema.types, strict=True)
        ]
        self._writer.write_table(pa.table(arrays, self._schema))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        try:
            self._writer.close()
            if kind is None:
                os.replace(self._partial, self._path)
        finally:
            self._partial.unlink(missing_ok=True)

    def _label(self, label: Any) -> Any:
        if isinstance(label, list):
            return [self._convert(of_row) for of_row in label]
        return None if label is None else self._convert(label)

    def _kept(self, rows: Sequence[ScoredRow]) -> list[pa.ChunkedArray]:
        import pyarrow as pa

        if not self._copied:
            return []
        table = pa.Table.from_batches([scored.row.kept for scored in rows])
        return list(table.columns)


def _opened(path: Path) -> Any:
    import pyarrow as pa
    import pyarrow.parquet

    try:
        return pyarrow.parquet.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(error) from error


def _rows(file: Any, text_column: str, keep: bool) -> Iterator[Row]:
    import pyarrow as pa

    try:
        for batch in file.iter_batches(BATCH, columns=None if keep else [text_column]):
            texts = batch.column(text_column)
            if pa.types.is_dictionary(texts.type):
                texts = texts.dictionary_decode()
            others = batch.nbytes // max(batch.num_rows, 1) if keep else 0
            # as bytes, so that a text that is not UTF-8 spoils its own row alone
            for i, raw in enumerate(texts.cast(pa.large_binary()).to_pylist()):
                yield _row(raw or b"", others, batch.slice(i, 1) if keep else None)
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(error) from error


def _row(raw: bytes, others: int, kept: Any) -> Row:
    size = len(raw) + others
    try:
        if len(raw) > MAX_BYTES:
            raise BadRowError(TOO_LONG)
        return Row(decoded(raw), size, kept)
    except BadRowError as error:
        return BadRowError(str(error), kept).row(size)


def _check_column(schema: pa.Schema, text_column: str, wanted: Sequence[str], setting: str) -> None:
    check_columns(schema.names, wanted, setting, "the file")
    kind = schema.field(text_column).type
    if not _is_text(kind):
        raise DataError(f"column {text_column} holds {kind}, expected strings")


def _is_text(kind: pa.DataType) -> bool:
    import pyarrow as pa

    value = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(value) or pa.types.is_large_string(value))


def _unreadable(error: Exception) -> DataError:
    return DataError(f"not a readable parquet file: {str(error).partition(chr(10))[0]}")
