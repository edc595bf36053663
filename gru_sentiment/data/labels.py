"""Classes as the data names them, and their indices."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gru_sentiment.arrays import Integers
from gru_sentiment.batch import NO_LABEL
from gru_sentiment.errors import DataError


class Labels:
    """The classes in sorted order. The index of a class is its position."""

    def __init__(self, classes: Sequence[str | int]) -> None:
        self.classes = list(classes)
        self._index: dict[str | int, int] = {label: i for i, label in enumerate(self.classes)}

    @classmethod
    def found_in(cls, labels: Sequence[str | int]) -> Labels:
        """The classes of the data: its distinct labels, sorted.

        Raises:
            DataError: there is only one class.
        """
        classes = cls(sorted(set(labels), key=lambda label: (isinstance(label, str), label)))
        if len(classes) < 2:
            raise DataError(
                f"every row has the label {classes.classes[0]!r}: nothing to tell apart",
                hint="training needs reviews of at least two classes; check data.label_column",
            )
        return classes

    def __len__(self) -> int:
        return len(self.classes)

    @property
    def names(self) -> list[str]:
        """The classes as text."""
        return [str(label) for label in self.classes]

    def indices(self, labels: Sequence[str | int]) -> Integers:
        """Class index of every label, shape (rows,).

        The labels are classes, or their names as text (a csv file has no types). If some are not,
        all must be integers, and are taken as class indices.

        Raises:
            DataError: some labels are not classes, and not all are class indices.
        """
        by_name = {label: self._by_name(label) for label in dict.fromkeys(labels)}
        unknown = [label for label, index in by_name.items() if index is None]
        if not unknown:
            return np.array([by_name[label] for label in labels], dtype=np.int64)
        if all(isinstance(label, int) and 0 <= label < len(self) for label in by_name):
            return np.array(labels, dtype=np.int64)
        raise DataError(
            f"label {unknown[0]!r} is not a class of this model; its classes: "
            f"{', '.join(map(repr, self.classes))}",
            hint="or give all labels as class indices: integers from 0, in that order",
        )

    def _by_name(self, label: str | int) -> int | None:
        if label in self._index:
            return self._index[label]
        return self.names.index(str(label)) if str(label) in self.names else None


def no_labels(n: int) -> Integers:
    """Class indices of `n` texts whose class is not known: NO_LABEL each, shape (n,)."""
    return np.full(n, NO_LABEL)
