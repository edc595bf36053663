"""A dataset of the Hugging Face hub."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gru_sentiment.errors import DataError
from gru_sentiment.sources.records import RawSplit, Records, first_line, records_from


def load_hub(
    dataset: str,
    *,
    revision: str | None = None,
    train_split: str = "train",
    test_split: str | None = "test",
    text_column: str = "text",
    label_column: str = "label",
    label_names: Sequence[str] | None = None,
    label_separator: str | None = None,
) -> Records:
    """Read the records of one or two splits of a dataset, which the hub's library caches.

    Args:
        dataset: the id of the dataset.
        revision: a commit or tag; None is the newest.
        train_split: the split to train on.
        test_split: the split to test on; None reads the training split only.
        text_column: the column that holds the text.
        label_column: the column that holds the class.
        label_names: names of the integer classes 0, 1, …; None takes the names that the dataset
            gives, if it gives any.
        label_separator: stands between the classes of a text that may have several.

    Raises:
        DataError: the dataset, a split or a column does not exist, or the hub cannot be reached.
    """
    wanted = {"train": train_split} | ({"test": test_split} if test_split else {})
    loaded = {name: _load(dataset, split, revision) for name, split in wanted.items()}
    splits = {
        name: _raw_split(loaded[name], f"{dataset}, split {split}", text_column, label_column)
        for name, split in wanted.items()
    }
    if label_names is not None:
        return records_from(splits, label_names, all_named_occur=True, separator=label_separator)
    feature = loaded["train"].features[label_column]
    names = getattr(getattr(feature, "feature", feature), "names", None)
    return records_from(splits, names, separator=label_separator)


def load_texts(
    dataset: str, split: str, *, revision: str | None = None, text_column: str = "text"
) -> list[str | None]:
    """Read the texts of a split.

    Raises:
        DataError: see `load_hub`.
    """
    loaded = _load(dataset, split, revision)
    _require(loaded, f"{dataset}, split {split}", text_column)
    texts: list[str | None] = loaded.with_format("arrow")[:][text_column].to_pylist()
    return texts


def _load(dataset: str, split: str, revision: str | None) -> Any:
    import datasets

    try:
        return datasets.load_dataset(dataset, split=split, revision=revision)
    except (OSError, RuntimeError, ValueError, datasets.exceptions.DatasetsError) as error:
        raise DataError(
            f"data set {dataset}, split {split}: {first_line(error)}",
            hint="check data.dataset, the split's name and the connection; without internet "
            "use data.source package or files",
        ) from error


def _require(loaded: Any, where: str, *columns: str) -> None:
    missing = [name for name in columns if name not in loaded.column_names]
    if missing:
        raise DataError(
            f"{where}: no column {', '.join(map(repr, missing))}; columns found: "
            f"{', '.join(loaded.column_names)}",
            hint="name them with data.text_column and data.label_column",
        )


def _raw_split(loaded: Any, where: str, text_column: str, label_column: str) -> RawSplit:
    _require(loaded, where, text_column, label_column)
    columns = loaded.select_columns([text_column, label_column]).with_format("arrow")[:]
    return RawSplit(where, columns[text_column].to_pylist(), columns[label_column].to_pylist())
