"""Classes as the data names them, and their indices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np

from gru_sentiment.arrays import NO_LABEL, Integers
from gru_sentiment.errors import DataError

SEPARATOR = "|"
"""Between the classes of a text, where the data does not say what stands there."""
FEWEST_OF_STRATUM = 10
"""Rows with fewer of their kind are split together with other rare ones."""


class Labels:
    """The classes in sorted order. The index of a class is its position.

    A text is of one class, and its target is the index of that class.
    """

    label_sets = False
    """Whether a text may be of any number of classes."""

    def __init__(self, classes: Sequence[str | int]) -> None:
        self.classes = list(classes)
        self._index: dict[str | int, int] = {label: i for i, label in enumerate(self.classes)}

    @classmethod
    def found_in(cls, labels: Sequence[str | int]) -> Labels:
        """The classes of the data: its distinct labels, sorted.

        Raises:
            DataError: there is only one class.
        """
        classes = cls(_in_order(set(labels)))
        if len(classes) < 2:
            raise DataError(
                f"every row has the label {classes.classes[0]!r}: nothing to tell apart",
                hint="training needs reviews of at least two classes; check data.label_column",
            )
        return classes

    def __len__(self) -> int:
        return len(self.classes)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.classes == getattr(other, "classes", None)

    __hash__ = None  # type: ignore[assignment]

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

    def counts(self, targets: Integers) -> Integers:
        """Rows of every class, shape (classes,)."""
        return np.bincount(targets, minlength=len(self))

    def label_of(self, target: Any) -> str | int | list[str | int]:
        """The label of a text, as the data gives it, from its target."""
        return self.classes[int(target)]

    def strata(self, targets: Integers) -> tuple[Integers, list[str]]:
        """What rows are split by: a number for each row, shape (rows,), and the numbers' names."""
        return targets, self.names

    def _by_name(self, label: str | int) -> int | None:
        if label in self._index:
            return self._index[label]
        return self.names.index(str(label)) if str(label) in self.names else None


class LabelSets(Labels):
    """The classes in sorted order, of which a text has any number, also none.

    The target of a text holds a 1 for each of its classes, shape (classes,).

    Args:
        classes: all of them.
        separator: stands between the classes of a text where they are written as one value.
    """

    label_sets = True

    def __init__(self, classes: Sequence[str | int], separator: str = SEPARATOR) -> None:
        super().__init__(classes)
        self.separator = separator

    @classmethod
    def found_in_sets(
        cls, labels: Sequence[Sequence[str | int]], separator: str = SEPARATOR
    ) -> LabelSets:
        """The classes that any text has.

        Raises:
            DataError: there are fewer than two.
        """
        classes = cls(_in_order(set(chain.from_iterable(labels))), separator)
        if len(classes) < 2:
            raise DataError(
                f"the texts have {len(classes)} different classes: {', '.join(classes.names)}",
                hint="training needs at least two; check data.label_column and "
                "data.label_separator",
            )
        return classes

    def indices(self, labels: Sequence[Any]) -> Integers:
        """The target of every text, shape (rows, classes).

        Raises:
            DataError: see `Labels.indices`.
        """
        targets = np.zeros((len(labels), len(self)), np.int64)
        rows = np.repeat(np.arange(len(labels)), [len(of_text) for of_text in labels])
        targets[rows, super().indices(list(chain.from_iterable(labels)))] = 1
        return targets

    def counts(self, targets: Integers) -> Integers:
        """Rows of every class, shape (classes,); a row counts for each of its classes."""
        counts: Integers = targets.sum(axis=0)
        return counts

    def label_of(self, target: Any) -> list[str | int]:
        """The classes of a text from its target, in their order."""
        return [self.classes[i] for i in np.flatnonzero(target)]

    def strata(self, targets: Integers) -> tuple[Integers, list[str]]:
        """Rows are split by the rarest of their classes; what few rows have is put together."""
        frequency = np.where(targets == 1, targets.sum(axis=0), np.iinfo(np.int64).max)
        rarest = np.where(targets.any(axis=1), frequency.argmin(axis=1), len(self))
        size = Counter(rarest.tolist())
        few = np.array([size[i] < FEWEST_OF_STRATUM for i in range(len(self) + 1)])
        if few.any() and sum(size[i] for i in np.flatnonzero(few)) < FEWEST_OF_STRATUM:
            few[max(size, key=lambda i: size[i])] = True
        strata = np.where(few[rarest], len(self) + 1, rarest)
        return strata, [*self.names, "(no class)", "(rare classes)"]


def check_single(labels: Labels, what: str) -> None:
    """Check that a text has one class, for what can be done with such texts alone.

    Args:
        labels: of the data or of a run.
        what: begins the message, such as `gru-sent fuse`.

    Raises:
        DataError: a text may have several.
    """
    if labels.label_sets:
        raise DataError(
            f"{what}: is for texts of one class each, and here a text may have several",
            hint="leave it out, or give every text one label",
        )


def _in_order(classes: set[str | int]) -> list[str | int]:
    return sorted(classes, key=lambda label: (isinstance(label, str), label))


def no_labels(n: int) -> Integers:
    """Class indices of `n` texts whose class is not known: NO_LABEL each, shape (n,)."""
    return np.full(n, NO_LABEL)
