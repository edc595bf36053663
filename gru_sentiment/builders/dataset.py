"""Builds the texts and their splits from the section `data`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from gru_sentiment.arrays import Integers, Singles
from gru_sentiment.config.sections import Config, DataConfig
from gru_sentiment.data.labels import SEPARATOR, Labels, LabelSets
from gru_sentiment.errors import DataError
from gru_sentiment.sources.file_columns import Columns
from gru_sentiment.sources.files import load_files, load_labelled
from gru_sentiment.sources.folder import load_folder
from gru_sentiment.sources.hub import load_hub
from gru_sentiment.sources.package import load_package, load_reviews_and_sentences
from gru_sentiment.sources.records import Records, fingerprint_of, hash_texts
from gru_sentiment.sources.splits import split_rows
from gru_sentiment.sources.unlabelled import unlabelled_file, unlabelled_split

logger = logging.getLogger(__name__)

USUAL_COLUMNS = ("text", "label")
"""Tried where a file lacks the text and label columns that the config names."""
UNLABELLED = "unlabelled"
"""Name of the split of a corpus that has no labels."""


@dataclass(frozen=True)
class Unlabelled:
    """Texts without labels."""

    texts: pa.ChunkedArray
    """All texts of the source."""
    rows: Integers
    """The texts that are trained on: none of them stands in the validation or test split."""
    fingerprint: str
    """A hash of all texts and soft labels."""
    soft_labels: Singles | None = None
    """The source's class probabilities of `rows`, shape (rows, classes), where it has some."""


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """Texts and their splits, before tokenisation."""

    records: Records
    """The labelled texts."""
    labels: Labels
    splits: dict[str, Integers]
    """The rows of `records` in every split."""
    unlabelled: Unlabelled | None = None
    """Texts without labels, if the config trains on them."""

    def texts(self, split: str) -> pa.ChunkedArray:
        """The labelled texts of a split; none if there is no such split."""
        return self.records.texts.take(pa.array(self.splits.get(split, []), pa.int64()))

    def hashes(self, split: str) -> Integers:
        """Hashes of the texts of a split, distinct and in ascending order, shape (texts,)."""
        return hash_texts(self.texts(split))

    @property
    def seen(self) -> Integers:
        """Hashes of all texts that are read in training, sorted, shape (hashes,)."""
        more = self.unlabelled
        read = [] if more is None else [more.texts.take(pa.array(more.rows))]
        return hash_texts(self.texts("train"), *read)


def build_records(config: DataConfig) -> Records:
    """Load the reviews of the config's source.

    Raises:
        DataError: the reviews cannot be read.
    """
    columns = {
        "text_column": config.text_column,
        "label_column": config.label_column,
        "label_names": config.label_names,
        "label_separator": config.label_separator,
    }
    sources: dict[str, Callable[[], Records]] = {
        "package": load_package,
        "reviews_and_sentences": load_reviews_and_sentences,
        "folder": lambda: load_folder(config.path),  # type: ignore[arg-type]
        "hub": lambda: load_hub(
            config.dataset or "",
            revision=config.revision,
            train_split=config.train_split,
            test_split=config.test_split,
            **columns,  # type: ignore[arg-type]
        ),
        "files": lambda: load_files(
            {
                split: path
                for split, path in (
                    ("train", config.path),
                    ("validation", config.validation_path),
                    ("test", config.test_path),
                )
                if path is not None
            },
            weight_column=config.weight_column,
            **columns,  # type: ignore[arg-type]
            **dialect_of(config),  # type: ignore[arg-type]
        ),
    }
    return sources[config.source]()


def dialect_of(config: DataConfig) -> dict[str, str | None]:
    """How the config's text files are written."""
    return {
        "delimiter": config.delimiter,
        "quoting": config.quoting,
        "encoding": config.encoding,
    }


def build_file_records(
    config: DataConfig,
    path: Path,
    labels: Labels,
    columns: Sequence[str] = (),
    options: Mapping[str, str | None] | None = None,
) -> tuple[Records, Columns]:
    """The records of a labelled file, and some further columns of it, a value per row.

    The texts and labels stand in the columns that `options` name, else in those that the config
    names, else in those called text and label.

    Args:
        config: of the run that the file is for.
        path: the file.
        labels: of the run.
        columns: the further columns.
        options: in place of the config's text_column, label_column, delimiter, quoting, encoding.

    Raises:
        DataError: the file cannot be read, lacks a column, or has a label that is no class.
    """
    given = {name: value for name, value in (options or {}).items() if value is not None}
    text_column, label_column = given.pop("text_column", None), given.pop("label_column", None)
    own_columns = text_column or config.text_column, label_column or config.label_column
    usual_columns = text_column or USUAL_COLUMNS[0], label_column or USUAL_COLUMNS[1]
    return load_labelled(
        path,
        *dict.fromkeys([own_columns, usual_columns]),
        classes=labels.classes,
        label_separator=labels.separator if isinstance(labels, LabelSets) else None,
        beside=columns,
        **{**dialect_of(config), **given, "setting": "--{}"},
    )


def build_labels(config: DataConfig, records: Records) -> Labels:
    """The classes of the records.

    Raises:
        DataError: there are fewer than two.
    """
    if records.has_label_sets:
        return LabelSets.found_in_sets(records.labels, config.label_separator or SEPARATOR)
    return Labels.found_in(records.labels)


def build_splits(config: DataConfig, records: Records, labels: Labels) -> dict[str, Integers]:
    """Split the rows with the config's sizes and seed; see `split_rows`."""
    strata, names = labels.strata(labels.indices(records.labels))
    splits = split_rows(
        records.texts,
        strata,
        records.splits,
        sets=records.sets,
        validation_size=config.validation_size,
        test_size=config.test_size,
        train_size=config.train_size,
        fold=(config.fold, config.folds) if config.fold and config.folds else None,
        seed=config.seed,
        class_names=names,
    )
    if records.weights is not None:
        splits["train"] = splits["train"][records.weights[splits["train"]] > 0]
    return splits


def build_dataset(config: Config) -> Dataset:
    """Load the labelled texts of the config's source and split them.

    Raises:
        DataError: the texts cannot be read or split.
    """
    records = build_records(config.data)
    labels = build_labels(config.data, records)
    splits = build_splits(config.data, records, labels)
    trained_on = labels.indices(records.labels)[splits["train"]]
    lost = np.flatnonzero(labels.counts(trained_on) == 0)
    if len(lost):
        raise DataError(
            f"class {labels.names[lost[0]]} has no rows left to train on: all its texts stand in "
            "another split too",
            hint="add other reviews of that class to the training file",
        )
    return Dataset(records=records, labels=labels, splits=splits)


def build_training_dataset(config: Config) -> Dataset:
    """`build_dataset` with the unlabelled texts, if the config trains on them.

    A language model always does, a classifier if `training.unlabelled` is set. Texts of the
    validation and test splits are left out of the unlabelled ones.

    Raises:
        DataError: see `build_dataset`; or the unlabelled texts are a test split.
    """
    labelled = build_dataset(config)
    if config.pretraining is None and config.training.unlabelled is None:
        return labelled
    return replace(labelled, unlabelled=_unlabelled(config, labelled))


def _unlabelled(config: Config, labelled: Dataset) -> Unlabelled | None:
    """The config's unlabelled texts, without those of the validation and test splits."""
    data, training = config.data, config.training.unlabelled
    columns = (training and training.soft_labels) or ()
    if columns and len(columns) != len(labelled.labels):
        raise DataError(
            f"training.unlabelled.soft_labels: {len(columns)} columns for the "
            f"{len(labelled.labels)} classes {', '.join(labelled.labels.names)}",
            hint="name the column of each class, in this order",
        )
    table = _unlabelled_table(data, columns)
    if table is None:
        return None
    tested: dict[str, pa.ChunkedArray] = {
        split: labelled.texts(split) for split in ("validation", "test") if split in labelled.splits
    }
    rows = _drawn(_without(table, tested), data.unlabelled_size, data.seed)
    return Unlabelled(table["text"], rows, fingerprint_of(table), _soft_labels(table, rows))


def _soft_labels(table: pa.Table, rows: Integers) -> Singles | None:
    """The probabilities beside the texts, whose sum is made 1, shape (rows, classes)."""
    columns = table.columns[1:]
    if not columns:
        return None
    found = np.stack([column.to_numpy() for column in columns], axis=1)[rows]
    probabilities: Singles = found / found.sum(axis=1, keepdims=True)
    return probabilities


def _unlabelled_table(data: DataConfig, soft_labels: Sequence[str]) -> pa.Table | None:
    if data.unlabelled_path is not None:
        return unlabelled_file(
            data.unlabelled_path, data.text_column, soft_labels, **dialect_of(data)
        )
    if data.unlabelled_split is not None:
        return unlabelled_split(
            data.dataset or "",
            data.unlabelled_split,
            revision=data.revision,
            text_column=data.text_column,
        )
    return None


def _without(table: pa.Table, tested: Mapping[str, pa.ChunkedArray]) -> Integers:
    """Rows whose text stands in no split of `tested`."""
    keep = np.ones(len(table), bool)
    for split, texts in tested.items():
        known = pa.compute.is_in(table["text"], value_set=texts).to_numpy()
        if known.sum() > len(texts) / 2:
            raise DataError(
                f"the unlabelled texts hold {known.sum():,} of the {len(texts):,} texts of the "
                f"{split} split, and a model must not be trained on texts that it is tested on",
                hint="give other texts",
            )
        if known.any():
            logger.info(
                "%d unlabelled texts left out: they stand in the %s split", known.sum(), split
            )
        keep &= ~known
    return np.flatnonzero(keep)


def _drawn(rows: Integers, n: int | None, seed: int) -> Integers:
    """Draw `n` of `rows` in ascending order; None takes all."""
    if n is None:
        return rows
    if n > len(rows):
        raise DataError(
            f"data.unlabelled_size: {n:,}; there are {len(rows):,} unlabelled texts to train on",
            hint="lower it, or set it to null for all",
        )
    return np.sort(np.random.default_rng(seed).permutation(rows)[:n])
