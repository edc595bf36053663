"""Texts without labels."""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa

from gru_sentiment.errors import DataError
from gru_sentiment.sources.files import read_texts
from gru_sentiment.sources.folder import read_review
from gru_sentiment.sources.hub import load_texts

NAMED_TEST = re.compile(r"(^|[^a-z])test(ing)?([^a-z]|$)", re.IGNORECASE)


def unlabelled_file(path: Path, text_column: str, **dialect: str | None) -> pa.Table:
    """Read the texts of a file, or of the .txt files in a folder, into a table with column `text`.

    `dialect` are fields of `rows.formats.Dialect`.

    Raises:
        DataError: nothing is there, there is no text in it, or it is named like a test split.
    """
    _refuse_test_split(path.stem, str(path))
    if path.parent.name == "test":  # as in aclImdb/test/unsup
        _refuse_test_split("test", str(path))
    if path.is_dir():
        files = sorted(path.glob("*.txt"))
        if not files:
            raise DataError(f"{path}: no reviews (*.txt) there", hint="check data.unlabelled_path")
        texts: list[str | None] = [read_review(file) for file in files]
    else:
        texts = list(read_texts(path, text_column, **dialect))
    return _table(texts, str(path))


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


def _table(texts: list[str | None], where: str) -> pa.Table:
    kept = [text for text in texts if text and not text.isspace()]
    if not kept:
        raise DataError(f"{where}: holds no text", hint="check data.unlabelled_path")
    return pa.table({"text": pa.array(kept, pa.large_string())})
