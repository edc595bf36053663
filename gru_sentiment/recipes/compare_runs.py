"""Runs side by side: settings, scores, and a paired test on the rows that they share. No torch."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gru_sentiment.artifact.files import METADATA, PREDICTIONS, SEEDS, check_size, read_json
from gru_sentiment.artifact.seeds import read_seeds
from gru_sentiment.artifact.summaries import find_runs, read_summary
from gru_sentiment.errors import ArtifactError, UserError
from gru_sentiment.results import PairedComparison
from gru_sentiment.run_results import RunComparison, RunSummary
from gru_sentiment.scores.comparison import compare_paired

MACHINE = {"run.output", "run.threads", "run.processes", "run.device", "run.checkpoint_every"}
"""Settings that a model does not depend on, or hardly."""
SHOWN = ("n", "accuracy", "loss", "macro_f1", "roc_auc")
"""Scores of a part that are shown, where a run has them."""


@dataclass(frozen=True)
class _Answers:
    """What a run said of its validation rows."""

    data: str | None
    """Fingerprint of the data that the rows belong to."""
    true: Mapping[int, Any]
    correct: Mapping[int, bool]


def compare_runs(paths: Sequence[Path]) -> RunComparison:
    """Differences of the configs, scores, and every run against the first on shared rows.

    Raises:
        ArtifactError: no such run, or one whose files are damaged.
    """
    folders = [_folder(path) for path in paths]
    runs = [read_summary(folder) for folder in folders]
    keys = dict.fromkeys(key for run in runs for key in run.config)
    values = {key: [run.config.get(key) for run in runs] for key in keys if key not in MACHINE}
    return RunComparison(
        runs=runs,
        differences={key: of for key, of in values.items() if any(v != of[0] for v in of)},
        metrics=_metrics(runs),
        paired=[_paired(folders[0], folder) for folder in folders[1:]],
    )


def _folder(path: Path) -> Path:
    if (path / SEEDS).is_file():
        return read_seeds(path).best_run
    if not path.is_dir() or not list(find_runs(path, depth=0)):
        raise ArtifactError(f"{path}: no such run folder", hint="see which there are: gru-sent runs")
    return path


def _metrics(runs: Sequence[RunSummary]) -> dict[str, list[float | None]]:
    names = [f"{part}.{name}" for part in ("validation", "test") for name in SHOWN]
    table = {name: [run.metrics.get(name) for run in runs] for name in names}
    return {name: of for name, of in table.items() if any(value is not None for value in of)}


def _paired(first: Path, second: Path) -> PairedComparison | str:
    """The second run against the first, or why they cannot be paired."""
    try:
        before, after = _answers(first), _answers(second)
    except UserError as error:
        return error.cause
    if before.data != after.data:
        return "trained on other data: no rows in common"
    if before.true.keys() != after.true.keys():
        shared = len(before.true.keys() & after.true.keys())
        return (
            f"other validation rows: {len(before.true):,} and {len(after.true):,}, of which "
            f"{shared:,} are the same; use one data.seed and data.validation_size"
        )
    if before.true != after.true:
        return "the same rows have other classes"
    rows = sorted(before.true)
    right = [np.array([answers.correct[row] for row in rows]) for answers in (before, after)]
    return compare_paired(*right)


def _answers(folder: Path) -> _Answers:
    """predictions-validation.jsonl of a run.

    Raises:
        ArtifactError: there is none, or it is not what a training wrote.
    """
    path = folder / PREDICTIONS
    if not path.is_file():
        raise ArtifactError(f"{folder}: has no {PREDICTIONS}")
    true, correct = {}, {}
    try:
        check_size(path)
        for line in path.read_text("utf-8").splitlines():
            value = json.loads(line)
            row = int(value["row"])
            true[row], correct[row] = value["true"], value["true"] == value["label"]
    except (ValueError, KeyError, TypeError, OSError, RecursionError) as error:
        raise ArtifactError(f"{path}: damaged") from error
    if not true:
        raise ArtifactError(f"{path}: empty")
    about = read_json(folder / METADATA) if (folder / METADATA).is_file() else {}
    data = about.get("data_fingerprint") if isinstance(about, dict) else None
    return _Answers(data, true, correct)
