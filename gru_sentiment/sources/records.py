"""The result of every source: texts, labels and the splits that the source itself has."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from gru_sentiment.arrays import Integers
from gru_sentiment.errors import DataError

if TYPE_CHECKING:
    import datasets

TEXTS_AT_ONCE = 4_096
"""Texts that are Python strings at once while they are hashed; bounds the memory."""
MOST_ROWS_NAMED = 5
"""Rows that a message names; further ones become an ellipsis."""


@dataclass(frozen=True)
class Records:
    """The reviews of all splits of a source, one split after the other."""

    dataset: datasets.Dataset
    """Columns `text` (string) and `label` (string or integer, as in the source)."""
    splits: dict[str, range]
    """The rows of each split that the source has: train, and possibly validation and test."""

    @property
    def fingerprint(self) -> str:
        """A hash of all texts and labels."""
        return str(self.dataset._fingerprint)

    @property
    def texts(self) -> pa.ChunkedArray:
        """All texts, in the order of the rows."""
        return self.dataset.data.table["text"]

    @cached_property
    def labels(self) -> list[str | int]:
        """All labels as in the source, in the order of the rows."""
        labels: list[str | int] = self.dataset.data.table["label"].to_pylist()
        return labels


def records_from(tables: Mapping[str, pa.Table]) -> Records:
    """Join the tables of the splits (columns `text` and `label`) and hash their content.

    Raises:
        DataError: the labels of one split are strings, those of another integers.
    """
    import datasets

    kinds = {split: str(table.schema.field("label").type) for split, table in tables.items()}
    if len(set(kinds.values())) > 1:
        types = ", ".join(f"{kind} in {split}" for split, kind in kinds.items())
        raise DataError(
            f"labels must be of one type in all splits, found {types}",
            hint="write them in one way, or name integer classes with data.label_names",
        )
    joined = pa.concat_tables(tables.values(), promote_options="permissive").combine_chunks()
    splits, start = {}, 0
    for split, table in tables.items():
        splits[split] = range(start, start + table.num_rows)
        start += table.num_rows
    return Records(datasets.Dataset(joined, fingerprint=fingerprint_of(joined)), splits)


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


def text_and_label(texts: Sequence[str | None], labels: Sequence[object], where: str) -> pa.Table:
    """Check texts and labels, and make a table with columns `text` and `label` of them.

    A missing text becomes an empty text.

    Args:
        texts: one text for each row.
        labels: one label for each row, all strings or all integers.
        where: the file or split, for messages.

    Raises:
        DataError: there are no rows, a label is missing, or labels are neither all strings nor all
            integers.
    """
    if not len(texts):
        raise DataError(f"{where}: holds no rows", hint="a header alone is not enough; add reviews")
    missing = [i for i, label in enumerate(labels) if label is None or label == ""]
    if missing:
        raise DataError(
            f"{where}: {len(missing):,} of {len(labels):,} rows have no label: "
            f"{_rows(missing)} (counting rows from 1, the header aside)",
            hint="fill the labels in or leave those rows out",
        )
    odd = next((x for x in texts if x is not None and not isinstance(x, str)), None)
    if odd is not None:
        raise DataError(f"{where}: the texts must be strings, found {type(odd).__name__}")
    return pa.table(
        {
            "text": pa.array([text or "" for text in texts], pa.large_string()),
            "label": _label_array(labels, where),
        }
    )


def _label_array(labels: Sequence[object], where: str) -> pa.Array:
    whole = [int(x) if isinstance(x, float) and x.is_integer() else x for x in labels]
    if all(isinstance(label, int) and not isinstance(label, bool) for label in whole):
        if (
            large := next(
                (x for x in whole if isinstance(x, int) and not -(2**63) <= x < 2**63), None
            )
        ) is not None:
            raise DataError(f"{where}: label {large} is too large", hint="write it as a string")
        return pa.array(whole, pa.int64())
    if all(isinstance(label, str) for label in whole):
        return pa.array(whole, pa.string())
    kinds = sorted({type(label).__name__ for label in whole})
    raise DataError(
        f"{where}: labels must be all strings or all integers, found {', '.join(kinds)}",
        hint="write them in one way",
    )


def integers_where_all_are(labels: Sequence[str | None]) -> list[object]:
    """Labels of a text format, which has no types: integers if all are written as integers."""
    try:
        whole = [int(label) if label else None for label in labels]
    except ValueError:
        return list(labels)
    as_given = all(n is None or str(n) == x.strip() for n, x in zip(whole, labels, strict=True))  # type: ignore[union-attr]
    return list(whole) if as_given else list(labels)


def name_labels(table: pa.Table, names: Sequence[str] | None, where: str) -> pa.Table:
    """Replace the integer classes 0, 1, … of a table by their names, if there are names.

    Raises:
        DataError: a label has no name.
    """
    if names is None or not pa.types.is_integer(table.schema.field("label").type):
        return table
    labels = table["label"].to_pylist()
    odd = sorted({label for label in labels if not 0 <= label < len(names)})
    if odd:
        raise DataError(
            f"{where}: label {odd[0]} has no name; data.label_names gives {len(names)}: "
            f"{', '.join(names)}"
        )
    named = pa.array([names[label] for label in labels], pa.string())
    return table.set_column(table.schema.get_field_index("label"), "label", named)


def first_line(error: Exception) -> str:
    """The first line of an error of another library, at most 200 characters, for messages."""
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


def _rows(indices: Iterable[int]) -> str:
    numbers = [str(index + 1) for index in indices]
    shown = ", ".join(numbers[:MOST_ROWS_NAMED])
    return f"row{'s' * (len(numbers) > 1)} {shown}" + (
        ", …" if len(numbers) > MOST_ROWS_NAMED else ""
    )
