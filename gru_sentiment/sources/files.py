"""The user's own reviews: csv, tsv, jsonl, json or parquet with named columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa

from gru_sentiment.errors import DataError
from gru_sentiment.sources.file_columns import FILE_READERS, Columns, MissingColumnError
from gru_sentiment.sources.records import Records, name_labels, records_from, text_and_label


def load_files(
    parts: dict[str, Path],
    *,
    text_column: str = "text",
    label_column: str = "label",
    label_names: Sequence[str] | None = None,
) -> Records:
    """Records from one file a part; `parts` names at least train.

    Raises:
        DataError: a file that is missing, empty, not UTF-8 or malformed, or lacks a column.
    """
    return records_from(
        {
            part: name_labels(read_table(path, text_column, label_column), label_names, str(path))
            for part, path in parts.items()
        }
    )


def read_table(path: Path, text_column: str, label_column: str) -> pa.Table:
    """A file's texts and labels as a table with columns `text` and `label`.

    Raises:
        DataError: see `load_files`.
    """
    columns = _reader(path)(path, [text_column, label_column])
    return text_and_label(columns[text_column], columns[label_column], str(path))


def read_texts(path: Path, text_column: str) -> list[str | None]:
    """A file's texts alone.

    Raises:
        DataError: see `load_files`.
    """
    return _reader(path)(path, [text_column])[text_column]


def read_labelled(
    path: Path, *choices: tuple[str, str], beside: Sequence[str] = ()
) -> tuple[pa.Table, Columns]:
    """`read_table` with the first of several pairs of column names that the file has.

    With it come the columns `beside`, a value a row.

    Raises:
        DataError: see `load_files`; where no pair is there, about the first one.
    """
    problems: list[MissingColumnError] = []
    for text_column, label_column in choices:
        others = [name for name in beside if name not in (text_column, label_column)]
        try:
            columns = _reader(path)(path, [text_column, *others, label_column])
        except MissingColumnError as error:
            problems.append(error)
            continue
        table = text_and_label(columns[text_column], columns[label_column], str(path))
        return table, {name: columns[name] for name in beside}
    for problem in problems:
        if set(problem.missing) <= set(beside):
            problem.hint = "choose one of those"
            raise problem
    raise problems[0]


def _reader(path: Path) -> Callable[[Path, Sequence[str]], Columns]:
    try:
        return FILE_READERS[path.suffix.lower()]
    except KeyError:
        known = ", ".join(FILE_READERS)
        raise DataError(
            f"{path}: unknown kind of file {path.suffix!r}", hint=f"known: {known}"
        ) from None
