"""Classes as the user names them, and their indices."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gru_sentiment.arrays import Integers
from gru_sentiment.batch import NO_LABEL
from gru_sentiment.errors import DataError


class Labels:
    """The classes in their sorted order; a class's index is its place in it."""

    def __init__(self, classes: Sequence[str | int]) -> None:
        self.classes = list(classes)
        self._index: dict[str | int, int] = {label: i for i, label in enumerate(self.classes)}

    @classmethod
    def found_in(cls, labels: Sequence[str | int]) -> Labels:
        """The distinct labels of the data.

        Raises:
            DataError: only one class.
        """
        found = cls(sorted(set(labels), key=lambda label: (isinstance(label, str), label)))
        if len(found) < 2:
            raise DataError(
                f"every row has the label {found.classes[0]!r}: nothing to tell apart",
                hint="training needs reviews of at least two classes; check data.label_column",
            )
        return found

    def __len__(self) -> int:
        return len(self.classes)

    @property
    def names(self) -> list[str]:
        """The classes as text."""
        return [str(label) for label in self.classes]

    def indices(self, labels: Sequence[str | int]) -> Integers:
        """Class index of every label, shape (rows,).

        The labels are classes, or their names read from a file without types; or, where not all
        of them are, integers that are the classes' indices.

        Raises:
            DataError: labels that are neither all the one nor all the other.
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
            hint="or give all labels as indices: integers from 0 on, in that order",
        )

    def _by_name(self, label: str | int) -> int | None:
        if label in self._index:
            return self._index[label]
        return self.names.index(str(label)) if str(label) in self.names else None


def no_labels(n: int) -> Integers:
    """Class indices of `n` texts whose class is not known: NO_LABEL each, shape (n,)."""
    return np.full(n, NO_LABEL)
