"""The labelled rows that a run is scored on: a split of its own data, or a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from gru_sentiment.arrays import Booleans, Integers
from gru_sentiment.artifact.contents import read_metadata
from gru_sentiment.builders.corpus import build_tokenized
from gru_sentiment.builders.dataset import Dataset, build_file_records, build_records, build_splits
from gru_sentiment.config.sections import Config
from gru_sentiment.data.tokens import TokenizedTexts
from gru_sentiment.errors import ArtifactError, DataError
from gru_sentiment.trained.predictions import Predictions
from gru_sentiment.trained.reader import Run


@dataclass(frozen=True)
class LabelledRows:
    """Texts with known classes, and the rows of them that are scored."""

    name: str
    """`validation` or `test`; or the path of a file."""
    is_split: bool
    """Whether the rows are a split of the run's own data."""
    dataset: Dataset
    rows: Integers
    """Which texts of the dataset are scored, shape (rows,)."""
    label_ids: Integers
    """Class index of every text of the dataset, shape (texts,)."""
    columns: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    """Further columns of the file by name, a value a text."""

    @property
    def true(self) -> Integers:
        """Class index of every scored row, shape (rows,)."""
        return self.label_ids[self.rows]

    def column(self, name: str) -> list[Any]:
        """A further column's value for every scored row."""
        return [self.columns[name][row] for row in self.rows]

    def tokenized(self, config: Config, *, progress: bool = False) -> TokenizedTexts:
        """All texts of the dataset as a run with this config reads them."""
        return build_tokenized(config, self.dataset.records, progress=progress)

    def correct(self, predictions: Predictions) -> Booleans:
        """Which scored rows a model predicts right, shape (rows,)."""
        return predictions.correct(self.true)


def reload_dataset(run: Run) -> Dataset:
    """The dataset of the run's config, with the splits that its training had.

    Raises:
        ArtifactError: the data changed since the training.
        DataError: the data cannot be read.
    """
    records = build_records(run.config.data)
    known = read_metadata(run.path).get("data_fingerprint")
    if known is not None and known != records.fingerprint:
        raise ArtifactError(
            f"{run.path}: its data changed since training (fingerprint {known[:12]}…, now "
            f"{records.fingerprint[:12]}…), so its splits cannot be computed again",
            hint="score a file instead: gru-sent evaluate --data FILE",
        )
    splits = build_splits(run.config.data, records, run.labels)
    return Dataset(records=records, labels=run.labels, splits=splits)


def reload_split(run: Run, split: str) -> LabelledRows:
    """One split of the data that the run was trained on.

    Raises:
        ArtifactError: the data changed since the training.
        DataError: the data cannot be read, or the run was trained without such a split.
    """
    dataset = reload_dataset(run)
    if split not in dataset.splits:
        raise DataError(
            f"{run.path}: was trained without a {split} split",
            hint="choose --split validation, or score a file with --data FILE",
        )
    label_ids = run.labels.indices(dataset.records.labels)
    return LabelledRows(split, True, dataset, dataset.splits[split], label_ids)


def read_labelled_rows(
    run: Run,
    path: Path,
    columns: Sequence[str] = (),
    options: Mapping[str, str | None] | None = None,
) -> LabelledRows:
    """All rows of a labelled file, and some further columns of it; see `build_file_records`.

    Raises:
        DataError: the file cannot be read, lacks a column, or holds a label that is not a class of
            the run.
    """
    records, others = build_file_records(run.config.data, path, run.labels, columns, options)
    label_ids = run.labels.indices(records.labels)
    rows = np.arange(len(label_ids), dtype=np.int64)
    dataset = Dataset(records=records, labels=run.labels, splits={str(path): rows})
    return LabelledRows(str(path), False, dataset, rows, label_ids, others)
