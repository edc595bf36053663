"""Which column of a table holds the texts, and which the labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gru_sentiment.errors import DataError, UnclearColumnError
from gru_sentiment.rows.reading import listed
from gru_sentiment.rows.row import option_name

Table = Mapping[str, Sequence[Any]]
"""Values by column."""
TEXTS = ("text", "review", "sentence", "comment", "message", "content", "tweet", "body", "title")
LABELS = (
    "label", "labels", "class", "category", "sentiment", "target", "topic", "intent", "polarity",
    "stars", "rating", "score", "tag", "y",
)  # fmt: skip
"""Usual names, in lower case, the likelier ones first."""
SEPARATORS = ("|", ";", ",")
"""What may stand between the classes of a text."""
MOST_CLASSES = 1_000
ROWS_A_CLASS = 4
"""A label column has at least so many rows for each distinct value, on average."""
WORDS = 6
"""No name of a column has so many words."""
SENTENCE = 8
"""Characters: texts are longer than this on average."""


def text_column(table: Table, setting: str = "data.{}") -> str:
    """The column that holds the texts: one of a usual name, else the one with the longest texts.

    Args:
        table: all columns.
        setting: how an option is written in messages, with {} for its name.

    Raises:
        DataError: no column holds texts.
    """
    lengths = {name: _mean_length(values) for name, values in table.items()}
    texts = {name: length for name, length in lengths.items() if length > SENTENCE}
    if not texts:
        raise DataError(
            f"no column holds texts; columns found: {listed(list(table))}",
            hint=f"name it with {option_name(setting, 'text_column')}",
        )
    longest = max(texts, key=lambda name: texts[name])
    named = [name for name in _by_name(list(texts), TEXTS) if texts[name] > texts[longest] / 4]
    return named[0] if named else longest


def check_header(table: Table) -> None:
    """Check that the names of the columns are names, and that there are rows.

    Raises:
        DataError: there are none, or the first line seems to be a row.
    """
    if not any(len(values) for values in table.values()):
        raise DataError("holds no rows", hint="a header alone is not enough; add reviews")
    for name, values in table.items():
        if len(name.split()) >= WORDS or (name and name in map(str, values)):
            raise DataError(
                f"the first line names the columns, and {name[:40]!r} seems to be a value",
                hint="write a line such as text,label before it, with the same delimiter",
            )


def label_column(table: Table, texts: str, setting: str = "data.{}") -> str:
    """The column that holds the classes: one of a usual name, else the only one with few values.

    Of two columns with the same classes, such as 0 and 1 beside bad and good, it is the one with
    words.

    Raises:
        UnclearColumnError: several columns have few values.
        DataError: none has.
    """
    option = option_name(setting, "label_column")
    others = {name: values for name, values in table.items() if name != texts}
    few = [name for name, values in others.items() if _is_few(values)]
    few = few or _by_name(list(others), LABELS)  # what is wrong with it, others tell
    if not few:
        raise DataError(
            f"no column holds classes: none but {texts!r} has between 2 and {MOST_CLASSES:,} "
            f"values that repeat; columns found: {listed(list(table))}",
            hint=f"name the column of the labels with {option}",
        )
    named = _by_name(few, LABELS)
    likely = _distinct(named or few, table)
    if len(likely) > 1 and not named:
        raise UnclearColumnError(
            f"several columns could hold the labels: {listed(likely)}",
            candidates=likely,
            hint=f"name one with {option}",
        )
    return likely[0]


def found_separator(labels: Sequence[Any]) -> str | None:
    """What stands between the classes of labels such as `funny|slow`; None between those of none.

    Separated, the labels have fewer different parts than there are different labels.
    """
    distinct = {label for label in labels if isinstance(label, str)}
    for separator in SEPARATORS:
        joined = [label for label in distinct if separator in label]
        parts = {part.strip() for label in distinct for part in label.split(separator)} - {""}
        if len(joined) > 1 and len(parts) < len(distinct - {""}):
            return separator
    return None


def _by_name(names: Sequence[str], usual: Sequence[str]) -> list[str]:
    """The names that are usual, in the order of `usual`."""
    folded = {name.strip().casefold(): name for name in reversed(names)}
    return [folded[name] for name in usual if name in folded]


def _distinct(names: Sequence[str], table: Table) -> list[str]:
    """The columns without those that tell the same classes apart as another one with words."""
    kept: list[str] = []
    for name in sorted(names, key=lambda name: _are_numbers(table[name])):
        pairs = (set(zip(map(str, table[name]), map(str, table[k]), strict=True)) for k in kept)
        values = len({str(value) for value in table[name]})
        if not any(
            len(of_both) == values == len({known for _, known in of_both}) for of_both in pairs
        ):
            kept.append(name)
    return sorted(kept, key=list(names).index)


def _is_few(values: Sequence[Any]) -> bool:
    distinct = {str(value) for value in values if value is not None}
    return 2 <= len(distinct) <= min(MOST_CLASSES, max(2, len(values) // ROWS_A_CLASS))


def _mean_length(values: Sequence[Any]) -> float:
    lengths = [len(value) for value in values if isinstance(value, str)]
    return sum(lengths) / len(lengths) if lengths and not _are_numbers(values) else 0.0


def _are_numbers(values: Sequence[Any]) -> bool:
    return all(_is_number(value) for value in values)


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True
