"""Score a run on a part of its own data or on a labelled file."""

from __future__ import annotations

import logging
import time
from pathlib import Path

import numpy as np

from gru_sentiment.artifact.reader import Run, load_run, read_metadata
from gru_sentiment.build import (
    build_device,
    build_records,
    build_splits,
    build_tokenized,
)
from gru_sentiment.data.labels import Integers
from gru_sentiment.errors import ArtifactError, DataError
from gru_sentiment.results import Evaluation
from gru_sentiment.sources.files import read_labelled
from gru_sentiment.sources.records import Records, records_from
from gru_sentiment.training.seeding import set_threads

logger = logging.getLogger(__name__)


def evaluate(
    path: Path | None,
    *,
    split: str | None = None,
    data: Path | None = None,
    device: str = "auto",
    threads: int | None = None,
    progress: bool = False,
) -> Evaluation:
    """Metrics of a run (the latest by default) on `data`, or on a part of its config's data.

    The part is `test`, unless `split` says `validation`; it is drawn again from the run's config.

    Raises:
        ArtifactError: no such run, or its data are no longer what it was trained on.
        DataError: the file cannot be read, or holds labels that the run does not know.
    """
    set_threads(threads)
    run = load_run(path, build_device(device))
    if data is not None:
        records, rows, where = _file_records(run, data), None, str(data)
    else:
        where = split or "test"
        records, rows = _split_records(run, where)
    tokenized = build_tokenized(run.config, records, progress=progress)
    chosen = np.arange(len(tokenized)) if rows is None else rows
    label_ids = run.labels.indices(records.labels)
    logger.info("scoring %s texts", f"{len(chosen):,}")
    started = time.perf_counter()
    answers = run.answers(tokenized, chosen)
    metrics = answers.metrics(run.labels, label_ids, time.perf_counter() - started)
    return Evaluation(str(run.path), where, metrics)


def _file_records(run: Run, data: Path) -> Records:
    config = run.config.data
    table = read_labelled(data, (config.text_column, config.label_column), ("text", "label"))
    return records_from({"data": table})


def _split_records(run: Run, split: str) -> tuple[Records, Integers]:
    records = build_records(run.config.data)
    known = read_metadata(run.path).get("data_fingerprint")
    if known is not None and known != records.fingerprint:
        raise ArtifactError(
            f"{run.path}: its data changed since training (fingerprint {known[:12]}…, now "
            f"{records.fingerprint[:12]}…), so its {split} part cannot be drawn again",
            hint="score a file instead: gru-sent evaluate --data FILE",
        )
    splits = build_splits(run.config.data, records, run.labels)
    if split not in splits:
        raise DataError(
            f"{run.path}: was trained without a {split} part",
            hint="choose --split validation, or score a file with --data FILE",
        )
    return records, splits[split]
