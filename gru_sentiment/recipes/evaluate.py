"""Score a run on a part of its own data or on a labelled file, and judge what comes out."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gru_sentiment.arrays import Booleans, Floats, Integers
from gru_sentiment.artifact.contents import check_complete
from gru_sentiment.artifact.files import PREDICTIONS
from gru_sentiment.builders.corpus import build_tokenized
from gru_sentiment.builders.device import build_device
from gru_sentiment.data.tokenizer import TokenizedTexts
from gru_sentiment.errors import ArtifactError, ConfigError, DataError
from gru_sentiment.machine.torch_setup import set_up_torch
from gru_sentiment.postprocess.thresholds import USUAL, Wish, find_threshold, parse_wish, scores_at
from gru_sentiment.results.evaluation import (
    Against,
    BaselineGap,
    Evaluation,
    FoundThreshold,
    GateResult,
    SliceScore,
)
from gru_sentiment.results.metrics import Measured
from gru_sentiment.results.predictions import Prediction
from gru_sentiment.scores.comparison import compare_with
from gru_sentiment.scores.gates import (
    DIFFERENCE,
    Gate,
    check_names,
    judge,
    parse_ceiling,
    parse_floor,
    parse_regression,
)
from gru_sentiment.scores.metrics import Scoring, metric_names
from gru_sentiment.scores.saved import read_predictions
from gru_sentiment.scores.slices import length_slices, slice_scores, value_slices
from gru_sentiment.sources.files import read_labelled
from gru_sentiment.sources.records import Records, records_from
from gru_sentiment.trained.baseline import Baseline
from gru_sentiment.trained.dataset import reload_dataset
from gru_sentiment.trained.fusion import same_words
from gru_sentiment.trained.predictions import Predictions, prediction_lines
from gru_sentiment.trained.reader import Run, load_run
from gru_sentiment.trained.reference import find_reference

logger = logging.getLogger(__name__)

VALIDATION = "validation"
LENGTH = "length"
"""What slices by the words read; any other name is a column of the file."""


@dataclass(frozen=True)
class _Scored:
    """What is scored."""

    where: str
    records: Records
    rows: Integers
    label_ids: Integers
    """Class index of every record, whether in `rows` or not."""
    columns: dict[str, list[Any]] = field(default_factory=dict)
    """Other values of every record, by column."""

    @property
    def true(self) -> Integers:
        """Class index of every one of `rows`."""
        return self.label_ids[self.rows]


def evaluate(
    path: Path | None,
    *,
    split: str | None = None,
    data: Path | None = None,
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
    """Metrics of a run (the latest by default) on `data`, or on a part of its config's data.

    The part is `test`, unless `split` says `validation`; it is drawn again from the run's config.

    Args:
        path: the run.
        split: a part of its own data.
        data: a labelled file instead.
        fail_under: floors, see `parse_floor`.
        fail_over: ceilings, see `parse_ceiling`.
        against: another run, or predictions that an evaluation saved, to compare with.
        max_regression: how much worse than those the run may be, see `parse_regression`.
        slices: `length`, or columns of `data`.
        threshold: what a threshold is to be found by, see `parse_wish`.
        predictions: whether the result holds a line a row.
        device: where to compute.
        threads: of the CPU.
        progress: a bar while tokenising, not lines of the log.

    Raises:
        ArtifactError: no such run, or its data are no longer what it was trained on.
        ConfigError: gates or a threshold that cannot be understood, or are for metrics that do not
            exist.
        DataError: a file cannot be read, or holds labels that the run does not know, or has no
            such column; what is compared with is about other rows or classes; a gate is for a
            metric that cannot be computed.
    """
    gates = [*map(parse_floor, fail_under), *map(parse_ceiling, fail_over)]
    regression = _regression_gate(max_regression, against)
    set_up_torch(threads)
    where = build_device(device)
    run = load_run(path, where)
    check_names(gates, metric_names(run.labels.names))
    search = _ThresholdSearch.of(run, threshold) if threshold is not None else None
    if data is not None:
        scored = _file(run, data, [name for name in slices if name != LENGTH])
    else:
        scored = _split(run, split or "test", slices)
    other = _other_correct(run, against, scored, where, progress) if against is not None else None
    tokenized = build_tokenized(run.config, scored.records, progress=progress)
    logger.info("scoring %s texts", f"{len(scored.rows):,}")
    started = time.perf_counter()
    answers = run.predict(tokenized, scored.rows)
    elapsed_s = time.perf_counter() - started
    metrics = answers.metrics(run.labels, scored.label_ids, elapsed_s)
    scoring = Scoring(answers.log_probabilities, scored.true, run.labels.names)
    correct = answers.log_probabilities.argmax(axis=1) == scored.true
    comparison = (
        compare_with(str(against), other, correct, scored.rows) if other is not None else None
    )
    told = answers.predictions(run.labels) if predictions or LENGTH in slices else []
    return Evaluation(
        run=str(run.path),
        data=scored.where,
        metrics=metrics,
        gates=[
            *judge(gates, scoring.measure([gate.metric for gate in gates])),
            *_judge_regression(regression, comparison),
        ],
        against=comparison,
        slices={name: _slice(name, scored, told, correct) for name in slices},
        baseline=_gap(run, scored, metrics.accuracy, tokenized, drawn=data is None),
        threshold=search.applied_to(scored, answers) if search else None,
        predictions=prediction_lines(told, scored.rows, run.labels, scored.label_ids)
        if predictions
        else [],
    )


@dataclass(frozen=True)
class _ThresholdSearch:
    """A threshold, found on the answers to the validation part that the run's training saved."""

    wish: Wish
    classes: list[str]
    threshold: float
    probabilities: Floats
    """Of the second class, of every validation row."""
    true: Integers

    @classmethod
    def of(cls, run: Run, asked: str) -> _ThresholdSearch:
        """Find it."""
        wish = parse_wish(asked, run.labels.names)
        check_complete(run.path, [PREDICTIONS])
        probabilities, true = read_predictions(run.path / PREDICTIONS).told_of(run.labels.names)
        second = probabilities[:, 1]
        return cls(wish, run.labels.names, find_threshold(second, true, wish), second, true)

    def applied_to(self, scored: _Scored, answers: Predictions) -> FoundThreshold:
        """What it does to the validation part and, where they are others, to the rows scored."""
        rows = {VALIDATION: (self.probabilities, self.true)}
        if scored.where != VALIDATION:
            rows[scored.where] = np.exp(answers.log_probabilities[:, 1]), scored.true
        return FoundThreshold(
            by=self.wish.text,
            positive=self.classes[1],
            threshold=self.threshold,
            of=self.classes[self.wish.of],
            scores=[
                scores_at(where, probabilities, true, threshold, self.wish.of)
                for where, (probabilities, true) in rows.items()
                for threshold in dict.fromkeys([USUAL, self.threshold])
            ],
        )


def _gap(
    run: Run, scored: _Scored, accuracy: float, tokenized: TokenizedTexts, *, drawn: bool
) -> BaselineGap | None:
    """How an accuracy stands against the baseline beside the run.

    On a part of the run's data, one that was `drawn`, that is what the baseline's run folder says;
    a file is scored.
    """
    reference = None if isinstance(run, Baseline) else find_reference(run.path, run.config)
    if reference is None:
        return None
    if drawn:
        own = reference.accuracies.get(scored.where)
        return None if own is None else reference.gap(accuracy, own)
    try:
        baseline = load_run(reference.path, build_device("cpu"))
    except ArtifactError as error:
        logger.warning("the baseline beside is left out: %s", error.cause)
        return None
    if not same_words(run.config.text, baseline.config.text):
        tokenized = build_tokenized(baseline.config, scored.records)
    answers = baseline.predict(tokenized, scored.rows)
    true = baseline.labels.indices(scored.records.labels)[scored.rows]
    right = answers.log_probabilities.argmax(axis=1) == true
    return reference.gap(accuracy, float(right.mean()))


def _file(run: Run, data: Path, columns: Sequence[str]) -> _Scored:
    config = run.config.data
    choices = (config.text_column, config.label_column), ("text", "label")
    table, beside = read_labelled(data, *choices, beside=columns)
    records = records_from({"data": table})
    label_ids = run.labels.indices(records.labels)
    return _Scored(str(data), records, np.arange(len(label_ids), dtype=np.int64), label_ids, beside)


def _split(run: Run, split: str, slices: Sequence[str]) -> _Scored:
    if columns := [name for name in slices if name != LENGTH]:
        raise ConfigError(
            f"--slice {columns[0]}: a column is read from a file, and none is given",
            hint=f"add --data FILE, or slice by {LENGTH}",
        )
    records, splits = reload_dataset(run)
    if split not in splits:
        raise DataError(
            f"{run.path}: was trained without a {split} part",
            hint="choose --split validation, or score a file with --data FILE",
        )
    return _Scored(split, records, splits[split], run.labels.indices(records.labels))


def _other_correct(
    run: Run, against: Path, scored: _Scored, device: torch.device, progress: bool
) -> Booleans:
    """Which rows another run, or saved predictions, got right."""
    names = run.labels.names
    if not against.is_dir():
        true = [names[index] for index in scored.true]
        return read_predictions(against).correct_on(scored.rows, true, names)
    other = load_run(against, device)
    if other.labels.names != names:
        raise DataError(
            f"{against}: tells apart {', '.join(other.labels.names)}; {run.path} tells apart "
            f"{', '.join(names)}",
            hint="compare runs of the same classes",
        )
    tokenized = build_tokenized(other.config, scored.records, progress=progress)
    logger.info("scoring %s texts with %s", f"{len(scored.rows):,}", against)
    answers = other.predict(tokenized, scored.rows)
    correct: Booleans = answers.log_probabilities.argmax(axis=1) == scored.true
    return correct


def _regression_gate(max_regression: str | None, against: Path | None) -> Gate | None:
    if max_regression is None:
        return None
    if against is None:
        raise ConfigError(
            "--max-regression: there is nothing to be worse than",
            hint="name a run or saved predictions with --against",
        )
    return parse_regression(max_regression)


def _judge_regression(gate: Gate | None, against: Against | None) -> list[GateResult]:
    if gate is None or against is None:
        return []
    found = against.comparison
    return [gate.judge(Measured(DIFFERENCE, found.difference, found.low, found.high))]


def _slice(
    name: str, scored: _Scored, predictions: Sequence[Prediction], correct: Booleans
) -> list[SliceScore]:
    if name == LENGTH:
        return slice_scores(length_slices(np.array([p.tokens for p in predictions])), correct)
    values = scored.columns[name]
    return slice_scores(value_slices([values[row] for row in scored.rows]), correct)
