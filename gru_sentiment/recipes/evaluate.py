"""Score a run on a split of its own data or on a labelled file, and judge the scores."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from gru_sentiment.artifact.contents import check_complete
from gru_sentiment.artifact.files import PREDICTIONS
from gru_sentiment.builders.device import build_device
from gru_sentiment.data.labels import check_single
from gru_sentiment.errors import ConfigError
from gru_sentiment.machine.torch_setup import set_up_torch
from gru_sentiment.postprocess.criterion import parse_criterion
from gru_sentiment.postprocess.thresholds import ChosenThreshold
from gru_sentiment.results.evaluation import Evaluation
from gru_sentiment.scores.comparison import compare_with
from gru_sentiment.scores.gates import Gates
from gru_sentiment.scores.label_sets import label_set_metric_names
from gru_sentiment.scores.metrics import metric_names
from gru_sentiment.scores.saved import read_predictions
from gru_sentiment.scores.slices import LENGTH, score_slices
from gru_sentiment.trained.dataset import LabelledRows, read_labelled_rows, reload_split
from gru_sentiment.trained.leakage import warn_of_seen_texts
from gru_sentiment.trained.predictions import prediction_lines
from gru_sentiment.trained.reader import Run, load_run
from gru_sentiment.trained.reference import correct_of_other, gap_on_rows
from gru_sentiment.trained.scoring import score_predictions

logger = logging.getLogger(__name__)


def evaluate(
    path: Path | None,
    *,
    split: str | None = None,
    data: Path | None = None,
    reading: Mapping[str, str | None] | None = None,
    fail_under: Sequence[str] = (),
    fail_over: Sequence[str] = (),
    against: Path | None = None,
    max_regression: str | None = None,
    slices: Sequence[str] = (),
    threshold: str | None = None,
    predictions: bool = False,
    device: str = "auto",
    threads: int | None = None,
    progress: bool = False,
) -> Evaluation:
    """Metrics of a run (the latest by default) on a file, or on a split of the run's own data.

    Args:
        path: the run folder.
        split: `test` (the default) or `validation`; computed again from the run's config.
        data: a labelled file, in place of a split.
        reading: how it is read, where not as the run's config says: text_column, label_column,
            delimiter, quoting, encoding.
        fail_under: floors, see `parse_floor`.
        fail_over: ceilings, see `parse_ceiling`.
        against: another run, or saved predictions, to compare with on the same rows.
        max_regression: by how much accuracy may be lower than theirs, see `parse_regression`.
        slices: `length`, or columns of `data`: accuracy is reported for each of their values.
        threshold: what a threshold is chosen by on the validation split, see `parse_criterion`.
        predictions: whether the result holds a prediction for every row.
        device: `auto`, `cpu` or `cuda`.
        threads: number of CPU threads; by default one a core.
        progress: a bar while tokenising, not lines of the log.

    Raises:
        ArtifactError: there is no such run, or its data changed since it was trained.
        ConfigError: a gate or a threshold that cannot be read, or a metric that does not exist.
        DataError: a file that cannot be read, lacks a column, or holds labels that are no classes
            of the run; a comparison of other rows or classes; a gate for a metric that cannot be
            computed.
    """
    gates = Gates.parse(
        fail_under=fail_under,
        fail_over=fail_over,
        max_regression=max_regression,
        compared=against is not None,
    )
    set_up_torch(threads)
    where = build_device(device)
    run = load_run(path, where)
    names = run.labels.names
    known = label_set_metric_names if run.labels.label_sets else metric_names
    gates.check_names(known(names))
    chosen = _choose_threshold(run, threshold) if threshold is not None else None
    rows = _rows(run, split, data, slices, reading)
    if not rows.is_split:
        warn_of_seen_texts(run, rows.dataset, rows.name)
    other = correct_of_other(against, run, rows, where, progress=progress) if against else None
    tokenized = rows.tokenized(run.config, progress=progress)
    logger.info("scoring %s texts", f"{len(rows.rows):,}")
    predict = partial(run.predict, tokenized, rows.rows)
    metrics, predicted = score_predictions(predict, run.labels, rows.label_ids)
    log_probabilities, correct = predicted.log_probabilities, rows.correct(predicted)
    scoring = predicted.scoring(run.labels, rows.true)
    numbers = rows.rows + 1
    compared = compare_with(str(against), other, correct, numbers) if other is not None else None
    texts = predicted.predictions(run.labels) if predictions or LENGTH in slices else []
    tokens = [text.tokens for text in texts]
    columns = {name: tokens if name == LENGTH else rows.column(name) for name in slices}
    lines = prediction_lines(texts, rows.rows, run.labels, rows.label_ids) if predictions else []
    return Evaluation(
        run=str(run.path),
        data=rows.name,
        metrics=metrics,
        gates=gates.judge(
            scoring.measure(gates.metrics), compared.comparison if compared else None
        ),
        against=compared,
        slices=score_slices(columns, correct),
        baseline=gap_on_rows(run, rows, tokenized, metrics.accuracy),
        threshold=chosen.scores_on(rows.name, log_probabilities, rows.true) if chosen else None,
        predictions=lines,
    )


def _rows(
    run: Run,
    split: str | None,
    data: Path | None,
    slices: Sequence[str],
    reading: Mapping[str, str | None] | None,
) -> LabelledRows:
    """The rows to score: all of a file, or those of a split."""
    columns = [name for name in slices if name != LENGTH]
    if data is not None:
        return read_labelled_rows(run, data, columns, reading)
    if columns:
        raise ConfigError(
            f"--slice {columns[0]}: a column is read from a file, and no file is given",
            hint=f"add --data FILE, or slice by {LENGTH}",
        )
    return reload_split(run, split or "test")


def _choose_threshold(run: Run, text: str) -> ChosenThreshold:
    """A threshold from the predictions on the validation split that the run's training saved."""
    check_single(run.labels, "--threshold")
    classes = run.labels.names
    criterion = parse_criterion(text, classes)
    check_complete(run.path, [PREDICTIONS])
    saved = read_predictions(run.path / PREDICTIONS)
    return ChosenThreshold.by(criterion, classes, *saved.probabilities_of(classes))
