"""Whether a run has read, in training, the texts that another one is scored on."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from gru_sentiment.arrays import Integers
from gru_sentiment.artifact.folders import is_bundled, named_run, named_start
from gru_sentiment.artifact.run_config import load_run_config
from gru_sentiment.artifact.tensors import load_seen_texts
from gru_sentiment.builders.dataset import Dataset, build_training_dataset
from gru_sentiment.config.changes import changes_between
from gru_sentiment.config.sections import Config
from gru_sentiment.errors import ArtifactError, DataError
from gru_sentiment.trained.fusion import Fusion
from gru_sentiment.trained.reader import Run
from gru_sentiment.trained.scoring import SCORED_SPLITS

logger = logging.getLogger(__name__)

ACCIDENT = 0.01
"""Share of a split that two sets of data may have in common: short texts are written twice."""


class Trained(Protocol):
    """A run with a config."""

    @property
    def path(self) -> Path:
        """Its folder."""

    @property
    def config(self) -> Config:
        """What it was trained with."""


def check_unseen(
    runs: Iterable[Trained], dataset: Dataset, config: Config, *, key: str
) -> Integers:
    """Check that runs have not read the validation and test splits of `dataset` in training.

    Args:
        runs: what a training begins with, learns from, or is fused with.
        dataset: that of `config`.
        config: of what will be scored on its splits.
        key: the setting or command that names the runs, for messages.

    Returns:
        Hashes of all texts that the runs have read, shape (texts,).

    Raises:
        ArtifactError: more than one text in a hundred of a split was read; with the numbers, and
            the settings that differ.
    """
    tested = {split: dataset.hashes(split) for split in SCORED_SPLITS}
    found = [np.zeros(0, np.int64)]
    for run in runs:
        seen = seen_texts(run)
        known = {split: int(np.isin(texts, seen).sum()) for split, texts in tested.items()}
        _judge(run, known, {split: len(texts) for split, texts in tested.items()}, config, key)
        found.append(seen)
    return np.unique(np.concatenate(found))


def warn_of_seen_texts(run: Run, dataset: Dataset, split: str) -> None:
    """Log a warning where a run has read texts of a split in training.

    A run of an earlier version keeps no hashes, and is not asked.
    """
    kept = [load_seen_texts(member.path) for member in members_of(run)]
    texts = dataset.hashes(split)
    seen = [np.isin(texts, hashes) for hashes in kept if hashes is not None]
    known = int(np.logical_or.reduce(seen).sum()) if seen else 0
    if known:
        logger.warning(
            "%s has read %s of the %s distinct texts of %s in training: their scores are too high",
            run.path,
            f"{known:,}",
            f"{len(texts):,}",
            split,
        )


def share_read(folder: Path, texts: Integers) -> float:
    """The share of texts, given by their hashes, that a run has read in training, 0 to 1.

    It is 0 for a run of an earlier version, which keeps no hashes.
    """
    seen = load_seen_texts(folder)
    return 0.0 if seen is None else float(np.isin(texts, seen).mean())


def members_of(run: Run) -> list[Trained]:
    """The runs that a run consists of: those of a fusion, or itself."""
    return list(run.members) if isinstance(run, Fusion) else [run]


def seen_texts(run: Trained) -> Integers:
    """Hashes of the texts that a run, and the runs that it was made from, read in training.

    Raises:
        ArtifactError: the run keeps no hashes, and its data cannot be read any more.
    """
    kept = load_seen_texts(run.path)
    return _seen_by_config(run) if kept is None else kept


def _seen_by_config(run: Trained) -> Integers:
    """The same for a run of an earlier version, which kept no hashes: from its data, read again."""
    try:
        own = build_training_dataset(run.config).seen
    except DataError as error:
        raise ArtifactError(
            f"{run.path}: cannot tell which texts it has read in training: {error.cause}",
            hint="put its data back, or train it again",
        ) from error
    return np.unique(np.concatenate([own, *map(seen_texts, _origins(run))]))


@dataclass(frozen=True)
class _Origin:
    """A run that another one was made from."""

    path: Path
    config: Config


def _origins(run: Trained) -> Iterator[_Origin]:
    """The encoder and the teacher of a run, as far as they are still there."""
    unlabelled = run.config.training.unlabelled
    teacher = None if unlabelled is None else unlabelled.teacher
    encoder = run.config.model.initialize_from
    origins = (encoder and named_start(encoder), teacher and named_run(teacher))
    for path in filter(None, origins):
        if path.is_dir():
            yield _Origin(path, load_run_config(path))
        else:
            logger.warning("%s was made from %s, which is gone: not compared", run.path, path)


def _judge(
    run: Trained, known: dict[str, int], sizes: dict[str, int], config: Config, key: str
) -> None:
    """Refuse, warn, or log that nothing was read."""
    what = " and ".join(
        f"{known[split]:,} of the {sizes[split]:,} texts of the {split} split"
        for split in known
        if known[split]
    )
    differing = {
        name: values
        for name, values in changes_between(run.config, config).items()
        if name.startswith("data.")
    }
    if any(known[split] > ACCIDENT * sizes[split] for split in known):
        settings = [f"{name}: {old} there, {new} here" for name, (old, new) in differing.items()]
        raise ArtifactError(
            "\n".join(
                [
                    f"{key}: {run.path} has read {what} in training: what a model is scored on "
                    "must not be known to it",
                    *(settings or ["the data settings are equal, so the files have changed"]),
                ]
            ),
            hint="make both with one data.seed, validation_size, test_size and fold; an encoder or "
            "teacher for other splits must be trained again",
        )
    if what:
        logger.warning(
            "%s has read %s in training: scores on them are a little high", run.path, what
        )
    elif differing and not is_bundled(run.path):
        logger.info(
            "%s was made from other data or splits, and has read none of the validation and test "
            "texts",
            run.path,
        )
