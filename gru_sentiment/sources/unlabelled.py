"""Texts without labels."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from gru_sentiment.errors import DataError
from gru_sentiment.sources.file_columns import Columns
from gru_sentiment.sources.files import read_texts
from gru_sentiment.sources.folder import read_review
from gru_sentiment.sources.hub import load_texts

ROUNDING = 1e-3
"""How far from 1 the probabilities of a text may add up."""
NAMED_TEST = re.compile(r"(^|[^a-z])test(ing)?([^a-z]|$)", re.IGNORECASE)


def unlabelled_file(
    path: Path, text_column: str, soft_labels: Sequence[str] = (), **dialect: str | None
) -> pa.Table:
    """Read the texts of a file, or of the .txt files in a folder, into a table with column `text`.

    Args:
        path: the file or folder.
        text_column: the column that holds the texts.
        soft_labels: columns that hold the probability of each class, which the table then has too.
        **dialect: fields of `rows.formats.Dialect`.

    Raises:
        DataError: nothing is there, there is no text in it, it is named like a test split, or the
            probabilities of a row are none.
    """
    _refuse_test_split(path.stem, str(path))
    if path.parent.name == "test":  # as in aclImdb/test/unsup
        _refuse_test_split("test", str(path))
    if path.is_dir():
        files = sorted(path.glob("*.txt"))
        if not files:
            raise DataError(f"{path}: no reviews (*.txt) there", hint="check data.unlabelled_path")
        if soft_labels:
            raise DataError(
                f"{path}: a folder of .txt files has no column {soft_labels[0]!r}",
                hint="give a csv, tsv, jsonl, json or parquet file",
            )
        columns: Columns = {text_column: [read_review(file) for file in files]}
    else:
        columns = read_texts(path, text_column, soft_labels, **dialect)
    probabilities = {name: columns[name] for name in soft_labels}
    _check_probabilities(probabilities, str(path))
    return _table(columns[text_column], str(path), probabilities)


def unlabelled_split(
    dataset: str, split: str, *, revision: str | None = None, text_column: str = "text"
) -> pa.Table:
    """Read the texts of a split of a dataset of the hub into a table with column `text`.

    Raises:
        DataError: there is no such split, no text in it, or it is named like a test split.
    """
    _refuse_test_split(split, f"{dataset}, split {split}")
    texts = load_texts(dataset, split, revision=revision, text_column=text_column)
    return _table(texts, f"{dataset}, split {split}")


def _refuse_test_split(name: str, where: str) -> None:
    if NAMED_TEST.search(name):
        raise DataError(
            f"{where}: is named like a test split, and a model must not be trained on texts "
            "that it is tested on",
            hint="give other texts, or rename it if it is not a test split",
        )


def _check_probabilities(columns: Columns, where: str) -> None:
    """Check that the columns hold, row by row, numbers from 0 to 1 whose sum is 1.

    Raises:
        DataError: a row does not.
    """
    for number, row in enumerate(zip(*columns.values(), strict=True), 1):
        values = [_number(value) for value in row]
        if not all(0 <= value <= 1 for value in values) or abs(sum(values) - 1) > ROUNDING:
            shown = ", ".join(f"{name} {value!r}" for name, value in zip(columns, row, strict=True))
            raise DataError(
                f"{where}: row {number}: {shown[:200]}: expected probabilities from 0 to 1 that "
                "add up to 1",
                hint="check training.unlabelled.soft_labels",
            )


def _number(value: Any) -> float:
    """The number that a value of a file is; NaN where it is none."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan


def _table(texts: list[str | None], where: str, beside: Columns | None = None) -> pa.Table:
    kept = [row for row, text in enumerate(texts) if text and not text.isspace()]
    if not kept:
        raise DataError(f"{where}: holds no text", hint="check data.unlabelled_path")
    columns = {"text": pa.array([texts[row] for row in kept], pa.large_string())}
    for name, values in (beside or {}).items():
        columns[f"p({name})"] = pa.array([_number(values[row]) for row in kept], pa.float32())
    return pa.table(columns)
