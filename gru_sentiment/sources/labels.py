"""The one rule by which labels become classes, whatever file or program they come from.

1. Blanks around a label and its Unicode form (NFC) do not count.
2. If every label is a number, `true` or `false`, the classes are numbers: 1, `1.0`, `"1"` and
   `true` are one class. Whole numbers are integers; where some are decimals, all become text.
3. Otherwise they are words, and numbers among them are words as well.
4. A row without a label, or with NaN, is an error. So are classes that differ by case, inner blanks
   or Unicode form alone, and a class that validation or test rows have and no training row has.
"""

from __future__ import annotations

import difflib
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from gru_sentiment.errors import DataError

Label = str | int
NUMBER = re.compile(r"[+-]?(0|[1-9][0-9]*)(\.[0-9]*)?")
"""A number as files write it; others, such as 007, are words."""
BOOLEANS = {"true": 1, "false": 0}
NOTHING = {"", "nan", "<na>"}
"""Texts of a label that is not there, in lower case."""
MOST_DECIMALS = 20
"""More distinct decimals are measurements, not classes."""
MOST_ROWS_NAMED = 5
"""Rows that a message names; further ones become an ellipsis."""
LARGEST = 2**63


class FlatLabels(list[Any]):
    """The labels of rows that have several each, one after the other.

    Args:
        labels: all of them.
        rows: the row, from 0 on, that each is of.
    """

    def __init__(self, labels: Iterable[Any], rows: Sequence[int]) -> None:
        super().__init__(labels)
        self.rows = rows


def like(labels: Sequence[object], others: list[Label]) -> list[Label]:
    """Other labels of the same rows."""
    return FlatLabels(others, labels.rows) if isinstance(labels, FlatLabels) else others


def normal_labels(labels: Mapping[str, Sequence[object]]) -> dict[str, list[Label]]:
    """The labels of all splits in their normal form: all integers, or all texts.

    Args:
        labels: as they were read, by the file or split that messages name.

    Raises:
        DataError: a row has no label, or one that cannot be a class.
    """
    for where, of_split in labels.items():
        _check_present(of_split, where)
    distinct: dict[object, object] = {}
    for where, of_split in labels.items():
        for value in of_split:
            if (key := _keyed(value)) not in distinct:
                distinct[key] = _plain(value, where)
    numbers = {key: _number(value) for key, value in distinct.items()}
    normal: dict[object, Label]
    if all(isinstance(number, int) for number in numbers.values()):
        normal = {key: int(number) for key, number in numbers.items() if number is not None}
        _check_size(normal.values(), next(iter(labels), ""))
    else:
        _check_decimals(numbers.values(), next(iter(labels), ""))
        normal = {key: _word(value) for key, value in distinct.items()}
    found = {
        where: like(values, [normal[_keyed(x)] for x in values]) for where, values in labels.items()
    }
    _check_alike(found)
    return found


def named_classes(
    labels: Mapping[str, Sequence[Label]], names: Sequence[str]
) -> dict[str, list[Label]]:
    """The labels with the classes 0, 1, … replaced by their names; names themselves stay.

    Raises:
        DataError: a class has no name, or a name no class.
    """
    found = dict.fromkeys(label for of_split in labels.values() for label in of_split)
    if all(isinstance(label, str) for label in found):
        for where, of_split in labels.items():
            if odd := [i for i, label in enumerate(of_split) if label not in names]:
                raise DataError(
                    f"{where}: data.label_names names the classes {', '.join(names)}, and "
                    f"{_rows_of(of_split, odd)} {_have(odd)} the label {of_split[odd[0]]!r}",
                    hint="label_names are for the classes 0, 1, …; leave it out, or correct the "
                    "labels",
                )
        return {where: like(of_split, list(of_split)) for where, of_split in labels.items()}
    for where, of_split in labels.items():
        odd = [i for i, x in enumerate(of_split) if x not in range(len(names))]
        if odd:
            raise DataError(
                f"{where}: label {of_split[odd[0]]} has no name ({_rows_of(of_split, odd)}); "
                "data.label_names "
                f"gives {len(names)}: {', '.join(names)}",
                hint="name every class, from 0 on",
            )
    return {
        where: like(of_split, [names[label] for label in of_split if isinstance(label, int)])
        for where, of_split in labels.items()
    }


def check_names_used(labels: Mapping[str, Sequence[Label]], names: Sequence[str]) -> None:
    """Check that every named class has a row.

    Raises:
        DataError: one has none: the classes may begin with 1.
    """
    found = {label for of_split in labels.values() for label in of_split}
    if unused := [name for name in names if name not in found]:
        raise DataError(
            f"data.label_names: {len(names)} names, and no row is of the class {unused[0]!r} "
            f"({names.index(unused[0])})",
            hint="name the classes that there are, from 0 on",
        )


def check_known(labels: Mapping[str, Sequence[Label]], train: str) -> None:
    """Check that the training rows have every class.

    Args:
        labels: in their normal form, by the file or split.
        train: which of them is trained on.

    Raises:
        DataError: a class has rows in another split alone, as a misspelt label does.
    """
    known = set(labels[train])
    for where, of_split in labels.items():
        odd = [i for i, label in enumerate(of_split) if label not in known]
        if odd:
            error = _unknown(where, of_split, odd, sorted(known, key=str), f"no row of {train} has")
            error.hint += ", or add training rows of that class"
            raise error


def matched(labels: Sequence[object], classes: Sequence[Label], where: str) -> list[Label]:
    """Labels as the classes of a model.

    They are classes in their normal form, or else all of them indices of classes.

    Raises:
        DataError: a row has no label, or one that is neither.
    """
    _check_present(labels, where)
    by_word = {_word(label): label for label in classes}
    by_number = {_number(label): label for label in classes if _number(label) is not None}
    plain = {_keyed(label): _plain(label, where) for label in labels}
    found: dict[object, Label | None] = {}
    for key, value in plain.items():
        word, number = _word(value), _number(value)
        found[key] = by_word.get(word, by_word.get(word.lower() if key[0] is bool else word))
        if found[key] is None and number is not None:
            found[key] = by_number.get(number)
    as_classes = [found[_keyed(label)] for label in labels]
    odd = [i for i, label in enumerate(as_classes) if label is None]
    if not odd:
        return [label for label in as_classes if label is not None]
    indices = [_number(plain[_keyed(label)]) for label in labels]
    if all(isinstance(i, int) and 0 <= i < len(classes) for i in indices):
        return [classes[i] for i in indices if isinstance(i, int)]
    normal = like(labels, [_word(plain[_keyed(label)]) for label in labels])
    error = _unknown(where, normal, odd, classes, "is not a class of this model:")
    error.hint += ", or give all labels as class indices: integers from 0, in that order"
    raise error


def rows_of(indices: Sequence[int]) -> str:
    """The first rows by their numbers, from 1 on."""
    shown = ", ".join(str(i + 1) for i in indices[:MOST_ROWS_NAMED])
    more = ", …" if len(indices) > MOST_ROWS_NAMED else ""
    return f"row{'s' * (len(indices) > 1)} {shown}{more}"


def _unknown(
    where: str, labels: Sequence[Label], odd: Sequence[int], known: Sequence[Label], why: str
) -> DataError:
    first = labels[odd[0]]
    same = [i for i in odd if labels[i] == first]
    others = len({labels[i] for i in odd}) - 1
    near = difflib.get_close_matches(str(first), [str(label) for label in known], n=1)
    meant = f"did you mean {near[0]!r}? " if near else ""
    classes = ", ".join(repr(label) for label in known[:10])
    what = "label" if isinstance(first, int) else "class"
    return DataError(
        f"{where}: the label {first!r} of {len(same):,} of {_n_rows(labels):,} rows "
        f"({_rows_of(labels, same)})"
        + (f", and {others} more," if others else "")
        + (f" {why} {classes}" if why.endswith(":") else f" is a {what} that {why}: {classes}"),
        hint=f"{meant}correct these labels",
    )


def _rows_of(labels: Sequence[object], positions: Sequence[int]) -> str:
    """The rows that labels at these positions are of."""
    return rows_of(list(dict.fromkeys(_row(labels, i) for i in positions)))


def _row(labels: Sequence[object], position: int) -> int:
    return labels.rows[position] if isinstance(labels, FlatLabels) else position


def _n_rows(labels: Sequence[object]) -> int:
    return len(set(labels.rows)) if isinstance(labels, FlatLabels) else len(labels)


def _have(rows: Sequence[int]) -> str:
    return "have" if len(rows) > 1 else "has"


def _keyed(value: object) -> tuple[type, object]:
    """A key that tells 1, 1.0 and True apart, and that a list has too."""
    return type(value), value if isinstance(value, Hashable) else repr(value)


def _check_present(labels: Sequence[object], where: str) -> None:
    missing = [i for i, label in enumerate(labels) if is_nothing(label)]
    if missing:
        raise DataError(
            f"{where}: {len(missing):,} of {len(labels):,} rows have no label: "
            f"{rows_of(missing)} (counting rows from 1, the header aside)",
            hint="fill the labels in or leave those rows out",
        )


def is_nothing(label: object) -> bool:
    """Whether a value stands for no label."""
    if isinstance(label, str):
        return label.strip().lower() in NOTHING
    return label is None or (isinstance(label, float | Decimal) and math.isnan(label))


def _plain(value: object, where: str) -> bool | int | float | str:
    """A value of a kind that can be a class; a text without blanks around it, in NFC.

    Raises:
        DataError: it is of another kind.
    """
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise DataError(
                f"{where}: a label holds half a character, which UTF-8 cannot write"
            ) from error
        return unicodedata.normalize("NFC", value).strip().strip("\ufeff\u200b").strip()
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, Decimal):
        return float(value)
    raise DataError(
        f"{where}: a label is {str(value)[:40]} ({type(value).__name__}), not a text or number",
        hint="check data.label_column",
    )


def _number(value: object) -> int | float | None:
    """The number that a label is, an integer where it is whole; None for a word."""
    if isinstance(value, str):
        if value.lower() in BOOLEANS:
            return BOOLEANS[value.lower()]
        if not NUMBER.fullmatch(value):
            return None
        value = float(value) if "." in value else int(value)
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    return int(value) if isinstance(value, int) else None


def _word(value: object) -> str:
    """A label as text: numbers in their shortest form."""
    if isinstance(value, bool) or (isinstance(value, str) and value.lower() in BOOLEANS):
        return str(value)
    number = _number(value)
    return str(value) if number is None else repr(number)


def _check_size(numbers: Iterable[Label], where: str) -> None:
    for number in numbers:
        if not -LARGEST <= int(number) < LARGEST:
            raise DataError(f"{where}: label {number} is too large", hint="write it as a word")


def _check_decimals(numbers: Iterable[int | float | None], where: str) -> None:
    decimals = sorted({number for number in numbers if isinstance(number, float)})
    if len(decimals) > MOST_DECIMALS:
        raise DataError(
            f"{where}: {len(decimals):,} different decimals as labels, such as {decimals[0]}: they "
            "seem to be measurements, and a classifier needs classes",
            hint="check data.label_column, or put the numbers into classes",
        )


def _check_alike(labels: Mapping[str, Sequence[Label]]) -> None:
    """Refuse classes that only a slip of the writer tells apart."""
    by_fold: dict[str, dict[Label, str]] = {}
    counts = Counter(label for of_split in labels.values() for label in of_split)
    for where, of_split in labels.items():
        for label in dict.fromkeys(of_split):
            if isinstance(label, str):
                fold = " ".join(unicodedata.normalize("NFKC", label).casefold().split())
                by_fold.setdefault(fold, {}).setdefault(label, where)
    for alike in by_fold.values():
        if len(alike) > 1:
            shown = " and ".join(
                f"{label!r} ({counts[label]:,} rows, first in {where} row "
                f"{_row(labels[where], labels[where].index(label)) + 1})"
                for label, where in alike.items()
            )
            raise DataError(
                f"the classes {shown} differ by case, blanks or Unicode form alone",
                hint="write them in one way",
            )
