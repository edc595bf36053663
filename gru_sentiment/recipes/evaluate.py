"""Score a run on a part of its own data or on a labelled file."""

from __future__ import annotations

import logging
import time
from pathlib import Path

import numpy as np

from gru_sentiment.artifact.fusions import same_words
from gru_sentiment.artifact.linear import Baseline
from gru_sentiment.artifact.reader import Run, load_run
from gru_sentiment.build import build_device, build_tokenized
from gru_sentiment.data.labels import Integers
from gru_sentiment.data.tokenizer import TokenizedTexts
from gru_sentiment.errors import ArtifactError, DataError
from gru_sentiment.own_data import drawn_again
from gru_sentiment.results import BaselineGap, Evaluation
from gru_sentiment.sources.files import read_labelled
from gru_sentiment.sources.records import Records, records_from
from gru_sentiment.training.seeding import set_threads
from gru_sentiment.yardstick import yardstick_beside

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
    # the rows of a part are the stored ones; those of a file are scored
    unknown = records if data is not None else None
    gap = _gap(run, where, metrics.accuracy, unknown, tokenized)
    return Evaluation(str(run.path), where, metrics, gap)


def _gap(
    run: Run, where: str, accuracy: float, records: Records | None, tokenized: TokenizedTexts
) -> BaselineGap | None:
    """How an accuracy stands against the baseline beside the run.

    On a part of the run's data that is what the baseline's run folder says; on `records` of a
    file, with their words, it is scored.
    """
    stick = None if isinstance(run, Baseline) else yardstick_beside(run.path, run.config)
    if stick is None:
        return None
    if records is None:
        own = stick.accuracies.get(where)
        return None if own is None else stick.gap(accuracy, own)
    try:
        baseline = load_run(stick.path, build_device("cpu"))
    except ArtifactError as error:
        logger.warning("the baseline beside is left out: %s", error.cause)
        return None
    if not same_words(run.config.text, baseline.config.text):
        tokenized = build_tokenized(baseline.config, records)
    answers = baseline.answers(tokenized, np.arange(len(tokenized)))
    metrics = answers.metrics(baseline.labels, baseline.labels.indices(records.labels), 1.0)
    return stick.gap(accuracy, metrics.accuracy)


def _file_records(run: Run, data: Path) -> Records:
    config = run.config.data
    table = read_labelled(data, (config.text_column, config.label_column), ("text", "label"))
    return records_from({"data": table})


def _split_records(run: Run, split: str) -> tuple[Records, Integers]:
    records, splits = drawn_again(run)
    if split not in splits:
        raise DataError(
            f"{run.path}: was trained without a {split} part",
            hint="choose --split validation, or score a file with --data FILE",
        )
    return records, splits[split]
