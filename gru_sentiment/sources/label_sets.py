"""Labels of several classes a text: a list of them, or one value with a separator between them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, islice

from gru_sentiment.errors import DataError
from gru_sentiment.sources.labels import (
    FlatLabels,
    Label,
    check_known,
    check_names_used,
    is_nothing,
    matched,
    named_classes,
    normal_labels,
    rows_of,
)

LabelSet = list[Label]
"""The classes of a text, each once, in sorted order; none is fine."""


def has_sets(labels: Iterable[object], separator: str | None) -> bool:
    """Whether each text has any number of classes: the labels are lists, or to be separated."""
    return separator is not None or any(isinstance(label, list) for label in labels)


def normal_label_sets(
    labels: Mapping[str, Sequence[object]],
    train: str,
    *,
    separator: str | None,
    names: Sequence[str] | None = None,
    all_named_occur: bool = False,
) -> dict[str, list[LabelSet]]:
    """The label sets of all splits, their classes by the rule for single labels.

    Args:
        labels: as they were read, by the file or split that messages name.
        train: which of them is trained on.
        separator: stands between the classes of a text; None for lists.
        names: of the integer classes 0, 1, …; None keeps the classes as they are.
        all_named_occur: whether a name without a row is an error.

    Raises:
        DataError: a row has no label at all, one that is no list, or classes that cannot be some.
    """
    flat = {where: _flat(of_split, separator, where) for where, of_split in labels.items()}
    normal = normal_labels(flat)
    if names is not None:
        normal = named_classes(normal, names)
        if all_named_occur:
            check_names_used(normal, names)
    check_known(normal, train)
    return {
        where: _sets(of_split, flat[where].rows, len(labels[where]))
        for where, of_split in normal.items()
    }


def matched_sets(
    labels: Sequence[object], classes: Sequence[Label], separator: str, where: str
) -> list[LabelSet]:
    """Label sets as the classes of a model; see `labels.matched`.

    Raises:
        DataError: a row has no label at all, or a class that the model does not know.
    """
    flat = _flat(labels, separator, where)
    return _sets(matched(flat, classes, where), flat.rows, len(labels))


def _flat(labels: Sequence[object], separator: str | None, where: str) -> FlatLabels:
    """The classes of all rows, one after the other; blank ones are left out."""
    missing = [i for i, label in enumerate(labels) if label is None]
    if missing:
        raise DataError(
            f"{where}: {len(missing):,} of {len(labels):,} rows have no label: {rows_of(missing)}",
            hint="write an empty list, or an empty value, for a text of no class",
        )
    if separator is None:
        odd = [i for i, label in enumerate(labels) if not isinstance(label, list)]
        if odd:
            raise DataError(
                f"{where}: the labels of other rows are lists, and {rows_of(odd)} "
                f"hold{'' if len(odd) > 1 else 's'} {str(labels[odd[0]])[:40]!r}",
                hint="write a list for every text",
            )
    parts = [_parts(label, separator) for label in labels]
    rows = [row for row, of_row in enumerate(parts) for _ in of_row]
    return FlatLabels(chain.from_iterable(parts), rows)


def _parts(label: object, separator: str | None) -> list[object]:
    values: list[object]
    if isinstance(label, list):
        values = label
    elif isinstance(label, str) and separator is not None:
        values = list(label.split(separator))
    else:
        values = [label]
    return [value for value in values if not is_nothing(value)]


def _sets(labels: Sequence[Label], rows: Sequence[int], n: int) -> list[LabelSet]:
    """The labels by row, for `n` rows."""
    sizes = [0] * n
    for row in rows:
        sizes[row] += 1
    rest = iter(labels)
    return [sorted(set(islice(rest, size)), key=lambda x: (str(type(x)), x)) for size in sizes]
