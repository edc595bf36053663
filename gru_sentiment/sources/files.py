"""The user's own reviews: csv, tsv, jsonl, json or parquet files with named columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa

from gru_sentiment.errors import DataError
from gru_sentiment.sources.file_columns import FILE_READERS, Columns, MissingColumnError
from gru_sentiment.sources.records import Records, name_labels, records_from, text_and_label


def load_files(
    paths: dict[str, Path],
    *,
    text_column: str = "text",
    label_column: str = "label",
    label_names: Sequence[str] | None = None,
) -> Records:
    """Read the records of one file for each split.

    Args:
        paths: the file of each split: train, and possibly validation and test.
        text_column: the column that holds the text.
        label_column: the column that holds the class.
        label_names: names of the integer classes 0, 1, …; None keeps the labels as they are.

    Raises:
        DataError: a file is missing, empty, malformed or not UTF-8, or lacks a column.
    """
    return records_from(
        {
            split: name_labels(read_table(path, text_column, label_column), label_names, str(path))
            for split, path in paths.items()
        }
    )


def read_table(path: Path, text_column: str, label_column: str) -> pa.Table:
    """Read the texts and labels of a file into a table with columns `text` and `label`.

    Raises:
        DataError: see `load_files`.
    """
    columns = _reader(path)(path, [text_column, label_column])
    return text_and_label(columns[text_column], columns[label_column], str(path))


def read_texts(path: Path, text_column: str) -> list[str | None]:
    """Read the texts of a file.

    Raises:
        DataError: see `load_files`.
    """
    return _reader(path)(path, [text_column])[text_column]


def read_labelled(
    path: Path, *choices: tuple[str, str], beside: Sequence[str] = ()
) -> tuple[pa.Table, Columns]:
    """`read_table` with the first of several pairs of column names that the file has.

    Args:
        path: the file.
        choices: pairs of the text column and the label column, tried in this order.
        beside: more columns to read.

    Returns:
        The table, and the values of the columns `beside` by name.

    Raises:
        DataError: see `load_files`. If no pair is there, the error is about the first pair.
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
