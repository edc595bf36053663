"""The result of every source: texts, labels and the splits that the source itself has."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from gru_sentiment.arrays import Integers
from gru_sentiment.errors import DataError
from gru_sentiment.sources.labels import (
    Label,
    check_known,
    check_names_used,
    matched,
    named_classes,
    normal_labels,
)

if TYPE_CHECKING:
    import datasets

TEXTS_AT_ONCE = 4_096
"""Texts that are Python strings at once while they are hashed; bounds the memory."""


@dataclass(frozen=True)
class Records:
    """The reviews of all splits of a source, one split after the other."""

    dataset: datasets.Dataset
    """Columns `text` (string) and `label` (string or integer, as in the source)."""
    splits: dict[str, range]
    """The rows of each split that the source has: train, and possibly validation and test."""
    sets: tuple[range, ...] = ()
    """Sets of training rows that are split apart from each other; none means one set."""

    @property
    def fingerprint(self) -> str:
        """A hash of all texts and labels."""
        return str(self.dataset._fingerprint)

    def place(self, row: int) -> tuple[str, int]:
        """The split of the source that a row stands in, and its number there, from 1 on."""
        split, rows = next((name, rows) for name, rows in self.splits.items() if row in rows)
        return split, row - rows.start + 1

    @cached_property
    def text_numbers(self) -> Integers:
        """A number for the text of each row, shape (rows,); equal texts have equal numbers."""
        numbers: Integers = self.texts.combine_chunks().dictionary_encode().indices.to_numpy()
        return numbers

    @property
    def texts(self) -> pa.ChunkedArray:
        """All texts, in the order of the rows."""
        return self.dataset.data.table["text"]

    @cached_property
    def labels(self) -> list[str | int]:
        """All labels as in the source, in the order of the rows."""
        labels: list[str | int] = self.dataset.data.table["label"].to_pylist()
        return labels


@dataclass(frozen=True)
class RawSplit:
    """The rows of a split as they were read."""

    where: str
    """The file or split, for messages."""
    texts: Sequence[str | None]
    """A text for each row; a missing one is an empty one."""
    labels: Sequence[object]
    """A label for each row."""


def records_from(
    splits: Mapping[str, RawSplit],
    names: Sequence[str] | None = None,
    *,
    all_named_occur: bool = False,
) -> Records:
    """Join the rows of the splits, with labels in their normal form, and hash their content.

    Args:
        splits: by name: train, and possibly validation and test.
        names: of the integer classes 0, 1, …; None keeps the classes as they are.
        all_named_occur: whether a name without a row is an error.

    Raises:
        DataError: a split has no rows, or a text or label that cannot be used.
    """
    for split in splits.values():
        _check_texts(split)
    labels = normal_labels({split.where: split.labels for split in splits.values()})
    if names is not None:
        labels = named_classes(labels, names)
        if all_named_occur:
            check_names_used(labels, names)
    check_known(labels, splits["train"].where)
    return _joined({name: (split, labels[split.where]) for name, split in splits.items()})


def records_for(classes: Sequence[Label], rows: RawSplit) -> Records:
    """The rows of a file or split, with the classes of a model as labels.

    Raises:
        DataError: there are no rows, or one has a text or label that cannot be used.
    """
    _check_texts(rows)
    return _joined({"data": (rows, matched(rows.labels, classes, rows.where))})


def _joined(splits: Mapping[str, tuple[RawSplit, Sequence[Label]]]) -> Records:
    import datasets

    tables = [_table(split.texts, labels) for split, labels in splits.values()]
    joined = pa.concat_tables(tables).combine_chunks()
    rows, start = {}, 0
    for name, table in zip(splits, tables, strict=True):
        rows[name] = range(start, start + table.num_rows)
        start += table.num_rows
    return Records(datasets.Dataset(joined, fingerprint=fingerprint_of(joined)), rows)


def fingerprint_of(table: pa.Table) -> str:
    """SHA-256 of the schema and all values, whatever the chunks of the table; 32 characters."""
    digest = hashlib.sha256(str(table.schema.remove_metadata()).encode())
    for column in table.combine_chunks().columns:
        for chunk in column.chunks:
            # concatenated with nothing, a slice gets buffers of its own rows only
            for buffer in pa.concat_arrays([chunk.slice(0, 0), chunk]).buffers():
                digest.update(b"-" if buffer is None else memoryview(buffer))
    return digest.hexdigest()[:32]


def hash_texts(*columns: pa.ChunkedArray) -> Integers:
    """The distinct hashes of all texts in the columns, sorted, 64 bits each, shape (hashes,)."""
    digests = (
        hashlib.blake2b(text.encode(), digest_size=8).digest()
        for column in columns
        for start in range(0, len(column), TEXTS_AT_ONCE)
        for text in column.slice(start, TEXTS_AT_ONCE).to_pylist()
    )
    return np.unique(np.frombuffer(b"".join(digests), "<i8"))


def first_line(error: Exception) -> str:
    """The first line of an error of another library, at most 200 characters, for messages."""
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


def _check_texts(split: RawSplit) -> None:
    if not len(split.texts):
        raise DataError(
            f"{split.where}: holds no rows", hint="a header alone is not enough; add reviews"
        )
    odd = next((x for x in split.texts if x is not None and not isinstance(x, str)), None)
    if odd is not None:
        raise DataError(f"{split.where}: the texts must be strings, found {type(odd).__name__}")


def _table(texts: Sequence[str | None], labels: Sequence[Label]) -> pa.Table:
    kind = pa.int64() if all(isinstance(label, int) for label in labels) else pa.string()
    return pa.table(
        {
            "text": pa.array([text or "" for text in texts], pa.large_string()),
            "label": pa.array(labels, kind),
        }
    )
