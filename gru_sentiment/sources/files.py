"""The user's own reviews: csv, tsv, jsonl, json or parquet files with named columns."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gru_sentiment.errors import DataError
from gru_sentiment.rows.formats import Dialect
from gru_sentiment.rows.reading import MissingColumnError
from gru_sentiment.sources.file_columns import Columns, read_columns
from gru_sentiment.sources.records import RawSplit, Records, records_for, records_from

KEYS = {"train": "data.path", "validation": "data.validation_path", "test": "data.test_path"}


def load_files(
    paths: dict[str, Path],
    *,
    text_column: str = "text",
    label_column: str = "label",
    label_names: Sequence[str] | None = None,
    label_separator: str | None = None,
    weight_column: str | None = None,
    **dialect: str | None,
) -> Records:
    """Read the records of one file for each split.

    Args:
        paths: the file of each split: train, and possibly validation and test.
        text_column: the column that holds the text.
        label_column: the column that holds the class.
        label_names: names of the integer classes 0, 1, …; None keeps the labels as they are.
        label_separator: stands between the classes of a text that may have several.
        weight_column: the column of the weights of the training rows, if they have some.
        **dialect: fields of `Dialect`: how the files are written, where their names do not tell.

    Raises:
        DataError: a file is missing, empty or malformed, lacks a column, is given twice, or has
            labels that cannot be classes.
    """
    _check_different(paths)
    splits = {}
    for split, path in paths.items():
        weighted = [weight_column] if weight_column and split == "train" else []
        wanted = [text_column, label_column, *weighted]
        columns = read_columns(path, wanted, Dialect.of(dialect))
        splits[split] = RawSplit(
            str(path),
            columns[text_column],
            columns[label_column],
            columns[weighted[0]] if weighted else None,
        )
    return records_from(splits, label_names, all_named_occur=True, separator=label_separator)


def records_of_columns(
    path: Path,
    texts: Sequence[str | None],
    labels: Sequence[object],
    separator: str | None = None,
) -> Records:
    """The records of a training file whose columns were read.

    Raises:
        DataError: labels that cannot be classes.
    """
    return records_from({"train": RawSplit(str(path), texts, labels)}, separator=separator)


def read_texts(
    path: Path, text_column: str, beside: Sequence[str] = (), **dialect: str | None
) -> Columns:
    """Read the texts of a file, and columns beside them, by name.

    `dialect` are fields of `Dialect`: how the file is written, where its name does not tell.

    Raises:
        DataError: see `load_files`.
    """
    return read_columns(path, [text_column, *beside], Dialect.of(dialect))


def load_labelled(
    path: Path,
    *choices: tuple[str, str],
    classes: Sequence[str | int],
    label_separator: str | None = None,
    beside: Sequence[str] = (),
    **dialect: str | None,
) -> tuple[Records, Columns]:
    """The records of a file for a model of these classes.

    Args:
        path: the file.
        choices: pairs of the text column and the label column: the first one that is there.
        classes: of the model.
        label_separator: for a model that predicts any number of classes for a text.
        beside: more columns to read.
        **dialect: fields of `Dialect`: how the file is written, where its name does not tell.

    Returns:
        The records, and the values of the columns `beside` by name.

    Raises:
        DataError: see `load_files`; or a label is no class. If no pair of columns is there, the
            error is about the first pair.
    """
    problems: list[MissingColumnError] = []
    for text_column, label_column in choices:
        others = [name for name in beside if name not in (text_column, label_column)]
        try:
            columns = read_columns(path, [text_column, *others, label_column], Dialect.of(dialect))
        except MissingColumnError as error:
            problems.append(error)
            continue
        rows = RawSplit(str(path), columns[text_column], columns[label_column])
        records = records_for(classes, rows, separator=label_separator)
        return records, {name: columns[name] for name in beside}
    for problem in problems:
        if set(problem.missing) <= set(beside):
            problem.hint = "choose one of those"
            raise problem
    raise problems[0]


def _check_different(paths: dict[str, Path]) -> None:
    """Refuse one file for two splits: what is trained on cannot be validated or tested on.

    Raises:
        DataError: two paths lead to one file.
    """
    known: dict[str, Path] = {}
    for split, path in paths.items():
        for other, earlier in known.items():
            if path.exists() and earlier.exists() and path.samefile(earlier):
                raise DataError(
                    f"{KEYS[split]}: {path} is the {other} file too, and no rows would be left",
                    hint=f"give another file, or leave {KEYS[split]} out: a {split} split is then "
                    "drawn from the training file",
                )
        known[split] = path
