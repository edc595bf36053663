"""The result of every source: texts, labels and the splits that the source itself has."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from gru_sentiment.arrays import Integers, Singles
from gru_sentiment.errors import DataError
from gru_sentiment.sources.label_sets import LabelSet, has_sets, matched_sets, normal_label_sets
from gru_sentiment.sources.labels import (
    Label,
    check_known,
    check_names_used,
    matched,
    named_classes,
    normal_labels,
    rows_of,
)

if TYPE_CHECKING:
    import datasets

LARGEST_WEIGHT = 1e9
"""Of a row."""
TEXTS_AT_ONCE = 4_096
"""Texts that are Python strings at once while they are hashed; bounds the memory."""


@dataclass(frozen=True)
class Records:
    """The reviews of all splits of a source, one split after the other."""

    dataset: datasets.Dataset
    """Columns `text` (string), `label` (string or integer, as in the source, or a list of these)
    and, where rows have weights, `weight`."""
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
    def labels(self) -> list[Any]:
        """All labels as in the source, in the order of the rows: classes, or lists of classes."""
        labels: list[Any] = self.dataset.data.table["label"].to_pylist()
        return labels

    @property
    def hashes(self) -> Integers:
        """Hashes of the texts, distinct and in ascending order, shape (texts,)."""
        return hash_texts(self.texts)

    @property
    def has_label_sets(self) -> bool:
        """Whether a row has any number of classes."""
        return bool(pa.types.is_list(self.dataset.data.table["label"].type))

    @cached_property
    def weights(self) -> Singles | None:
        """How often each row counts in training, shape (rows,); None where all count once."""
        table = self.dataset.data.table
        if "weight" not in table.column_names:
            return None
        weights: Singles = table["weight"].to_numpy()
        return weights


@dataclass(frozen=True)
class RawSplit:
    """The rows of a split as they were read."""

    where: str
    """The file or split, for messages."""
    texts: Sequence[str | None]
    """A text for each row; a missing one is an empty one."""
    labels: Sequence[object]
    """A label for each row."""
    weights: Sequence[object] | None = None
    """A weight for each row, from 0 on; None where all weigh the same."""


def records_from(
    splits: Mapping[str, RawSplit],
    names: Sequence[str] | None = None,
    *,
    all_named_occur: bool = False,
    separator: str | None = None,
) -> Records:
    """Join the rows of the splits, with labels in their normal form, and hash their content.

    Args:
        splits: by name: train, and possibly validation and test.
        names: of the integer classes 0, 1, …; None keeps the classes as they are.
        all_named_occur: whether a name without a row is an error.
        separator: stands between the classes of a row that may have several; lists need none.

    Raises:
        DataError: a split has no rows, or a text, a label or a weight that cannot be used.
    """
    for split in splits.values():
        _check_texts(split)
    raw, train = {split.where: split.labels for split in splits.values()}, splits["train"].where
    labels: Mapping[str, Sequence[Label] | Sequence[LabelSet]]
    if has_sets(chain.from_iterable(raw.values()), separator):
        labels = normal_label_sets(
            raw, train, separator=separator, names=names, all_named_occur=all_named_occur
        )
    else:
        labels = _single_labels(raw, train, names, all_named_occur)
    return _joined({name: (split, labels[split.where]) for name, split in splits.items()})


def _single_labels(
    raw: Mapping[str, Sequence[object]],
    train: str,
    names: Sequence[str] | None,
    all_named_occur: bool,
) -> dict[str, list[Label]]:
    labels = normal_labels(raw)
    if names is not None:
        labels = named_classes(labels, names)
        if all_named_occur:
            check_names_used(labels, names)
    check_known(labels, train)
    return labels


def records_for(
    classes: Sequence[Label], rows: RawSplit, *, separator: str | None = None
) -> Records:
    """The rows of a file or split, with the classes of a model as labels.

    Args:
        classes: of the model.
        rows: of the file or split.
        separator: stands between the classes of a row, where the model predicts any number of
            them; lists need none.

    Raises:
        DataError: there are no rows, or one has a text or label that cannot be used.
    """
    _check_texts(rows)
    if separator is not None:
        return _joined({"data": (rows, matched_sets(rows.labels, classes, separator, rows.where))})
    return _joined({"data": (rows, matched(rows.labels, classes, rows.where))})


def _joined(splits: Mapping[str, tuple[RawSplit, Sequence[Label] | Sequence[LabelSet]]]) -> Records:
    import datasets

    weighted = any(split.weights is not None for split, _ in splits.values())
    tables = [_table(split, labels, weighted) for split, labels in splits.values()]
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


def _table(
    split: RawSplit, labels: Sequence[Label] | Sequence[LabelSet], weighted: bool
) -> pa.Table:
    flat = list(chain.from_iterable(x if isinstance(x, list) else [x] for x in labels))
    kind = pa.int64() if all(isinstance(label, int) for label in flat) else pa.string()
    if any(isinstance(label, list) for label in labels):
        kind = pa.list_(kind)
    columns = {
        "text": pa.array([text or "" for text in split.texts], pa.large_string()),
        "label": pa.array(labels, kind),
    }
    if weighted:
        columns["weight"] = pa.array(_weights(split), pa.float32())
    return pa.table(columns)


def _weights(split: RawSplit) -> list[float]:
    """The weights of the rows as numbers; 1 each where the split has none.

    Raises:
        DataError: a weight is no number, or below 0, or all are 0.
    """
    if split.weights is None:
        return [1.0] * len(split.texts)
    weights = [_as_number(value) for value in split.weights]
    odd = [i for i, weight in enumerate(weights) if not 0 <= weight < LARGEST_WEIGHT]
    if odd:
        raise DataError(
            f"{split.where}: {rows_of(odd)}: the weight {split.weights[odd[0]]!r} is not a number "
            f"of at least 0 ({len(odd):,} of {len(weights):,} rows)",
            hint="a row of weight 2 counts twice, one of weight 0 not at all; check "
            "data.weight_column",
        )
    if not any(weights):
        raise DataError(f"{split.where}: the weights of all rows are 0")
    return weights


def _as_number(value: object) -> float:
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return math.nan
