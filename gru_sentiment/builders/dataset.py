"""From the section `data` to texts and their splits."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from gru_sentiment.arrays import Integers
from gru_sentiment.config.sections import Config, DataConfig
from gru_sentiment.data.labels import Labels
from gru_sentiment.errors import DataError
from gru_sentiment.sources.files import Columns, load_files, read_labelled
from gru_sentiment.sources.folder import load_folder
from gru_sentiment.sources.hub import load_hub
from gru_sentiment.sources.package import load_package
from gru_sentiment.sources.records import Records, fingerprint_of, hash_texts, records_from
from gru_sentiment.sources.splits import split_rows
from gru_sentiment.sources.unlabelled import unlabelled_file, unlabelled_split

logger = logging.getLogger(__name__)

USUAL_COLUMNS = ("text", "label")
"""Tried where a file lacks the text and label columns that the config names."""
UNLABELLED = "unlabelled"
"""The part of a corpus that has no labels."""


@dataclass(frozen=True)
class Unlabelled:
    """Texts without labels, but for those that a model will be tested on."""

    texts: pa.ChunkedArray
    """All of them."""
    rows: Integers
    """Those that are read."""
    fingerprint: str
    """Changes with any byte of the texts."""


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """Texts and their splits, not tokenised yet."""

    records: Records
    """The labelled ones."""
    labels: Labels
    splits: dict[str, Integers]
    """Rows of every split."""
    unlabelled: Unlabelled | None = None
    """More texts that are read in training, where the config trains on them."""

    def texts(self, split: str) -> pa.ChunkedArray:
        """The texts of a split of the labelled ones; none where there is no such split."""
        return self.records.texts.take(pa.array(self.splits.get(split, []), pa.int64()))

    def hashes(self, split: str) -> Integers:
        """Hashes of the texts of a split, distinct and in ascending order, shape (texts,)."""
        return hash_texts(self.texts(split))

    @property
    def seen(self) -> Integers:
        """Hashes of all texts that are read in training, shape (texts,)."""
        more = self.unlabelled
        read = [] if more is None else [more.texts.take(pa.array(more.rows))]
        return hash_texts(self.texts("train"), *read)


def build_records(config: DataConfig) -> Records:
    """The reviews of the config's source."""
    columns = {
        "text_column": config.text_column,
        "label_column": config.label_column,
        "label_names": config.label_names,
    }
    sources: dict[str, Callable[[], Records]] = {
        "package": load_package,
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
                part: path
                for part, path in (
                    ("train", config.path),
                    ("validation", config.validation_path),
                    ("test", config.test_path),
                )
                if path is not None
            },
            **columns,  # type: ignore[arg-type]
        ),
    }
    return sources[config.source]()


def build_file_records(
    config: DataConfig, path: Path, columns: Sequence[str] = ()
) -> tuple[Records, Columns]:
    """The records of a labelled file, and some further columns of it, a value per row.

    The texts and labels stand in the columns that the config names, else in those called text and
    label.

    Raises:
        DataError: the file cannot be read, or lacks a column.
    """
    own_columns = config.text_column, config.label_column
    table, others = read_labelled(path, own_columns, USUAL_COLUMNS, beside=columns)
    return records_from({"data": table}), others


def build_splits(config: DataConfig, records: Records, labels: Labels) -> dict[str, Integers]:
    """Rows of every part, from the config's sizes and seed."""
    return split_rows(
        records.texts,
        labels.indices(records.labels),
        records.parts,
        validation_size=config.validation_size,
        test_size=config.test_size,
        train_size=config.train_size,
        seed=config.seed,
        class_names=labels.names,
    )


def build_dataset(config: Config) -> Dataset:
    """The labelled texts of the config's source and their splits.

    Raises:
        DataError: texts that cannot be read or divided.
    """
    records = build_records(config.data)
    labels = Labels.found_in(records.labels)
    splits = build_splits(config.data, records, labels)
    return Dataset(records=records, labels=labels, splits=splits)


def build_training_dataset(config: Config) -> Dataset:
    """`build_dataset` with all that is read in training.

    A language model reads the unlabelled texts that there are, a classifier those of
    `training.unlabelled`. What the validation and test splits hold is left out of them.

    Raises:
        DataError: as `build_dataset`, or unlabelled texts that are a test split.
    """
    labelled = build_dataset(config)
    if config.pretraining is None and config.training.unlabelled is None:
        return labelled
    return replace(labelled, unlabelled=_unlabelled(config.data, labelled))


def _unlabelled(data: DataConfig, labelled: Dataset) -> Unlabelled | None:
    """The config's unlabelled texts without those of validation and test, where it names any."""
    table = _unlabelled_table(data)
    if table is None:
        return None
    tested: dict[str, pa.ChunkedArray] = {
        split: labelled.texts(split) for split in ("validation", "test") if split in labelled.splits
    }
    rows = _drawn(_without(table, tested), data.unlabelled_size, data.seed)
    return Unlabelled(table["text"], rows, fingerprint_of(table))


def _unlabelled_table(data: DataConfig) -> pa.Table | None:
    if data.unlabelled_path is not None:
        return unlabelled_file(data.unlabelled_path, data.text_column)
    if data.unlabelled_split is not None:
        return unlabelled_split(
            data.dataset or "",
            data.unlabelled_split,
            revision=data.revision,
            text_column=data.text_column,
        )
    return None


def _without(table: pa.Table, tested: Mapping[str, pa.ChunkedArray]) -> Integers:
    """Rows whose text is none of those that the model will be tested on."""
    keep = np.ones(len(table), bool)
    for part, texts in tested.items():
        known = pa.compute.is_in(table["text"], value_set=texts).to_numpy()
        if known.sum() > len(texts) / 2:
            raise DataError(
                f"the unlabelled texts hold {known.sum():,} of the {len(texts):,} texts of the "
                f"{part} part: what a model will be tested on must not be read before",
                hint="give other texts",
            )
        if known.any():
            logger.info(
                "%d unlabelled texts left out: they stand in the %s part", known.sum(), part
            )
        keep &= ~known
    return np.flatnonzero(keep)


def _drawn(rows: Integers, n: int | None, seed: int) -> Integers:
    """`n` of the rows that may be read, in ascending order; all by default."""
    if n is None:
        return rows
    if n > len(rows):
        raise DataError(
            f"data.unlabelled_size: {n:,}; {len(rows):,} unlabelled texts may be read",
            hint="lower it, or set it to null for all",
        )
    return np.sort(np.random.default_rng(seed).permutation(rows)[:n])
