"""Compare runs: settings, scores, and a paired test on the rows that they share. No torch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gru_sentiment.artifact.files import PREDICTIONS, SERIES
from gru_sentiment.artifact.series import read_series
from gru_sentiment.artifact.summaries import find_runs, read_fingerprint, read_summary
from gru_sentiment.errors import ArtifactError, UserError
from gru_sentiment.results.evaluation import PairedComparison
from gru_sentiment.results.runs import RunComparison, RunSummary
from gru_sentiment.scores.comparison import compare_paired
from gru_sentiment.scores.saved import read_predictions

MACHINE = {"run.output", "run.threads", "run.processes", "run.device", "run.checkpoint_every"}
"""Settings on which a model depends little or not at all."""
COMPARED = ("n", "accuracy", "loss", "macro_f1", "roc_auc")
"""Scores of a split that are compared."""


def compare_runs(paths: Sequence[Path]) -> RunComparison:
    """Settings that differ, scores, and every run compared with the first on the validation rows.

    Args:
        paths: run folders, two or more; of a folder of seeds or folds the best one is compared.

    Raises:
        ArtifactError: there is no such run, or its files are damaged.
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
    if (path / SERIES).is_file():
        return read_series(path).best_run
    if not path.is_dir() or not list(find_runs(path, depth=0)):
        raise ArtifactError(
            f"{path}: no such run folder", hint="gru-sent runs lists those that there are"
        )
    return path


def _metrics(runs: Sequence[RunSummary]) -> dict[str, list[float | None]]:
    names = [f"{split}.{name}" for split in ("validation", "test") for name in COMPARED]
    table = {name: [run.metrics.get(name) for run in runs] for name in names}
    return {name: of for name, of in table.items() if any(value is not None for value in of)}


def _paired(first: Path, second: Path) -> PairedComparison | str:
    """The second run compared with the first, or why they cannot be compared."""
    data = [read_fingerprint(folder) for folder in (first, second)]
    if None not in data and data[0] != data[1]:
        return "they were trained on different data"
    try:
        before, after = (read_predictions(folder / PREDICTIONS) for folder in (first, second))
        correct = [
            saved.correct_on(after.rows, after.true, after.classes) for saved in (before, after)
        ]
    except UserError as error:
        return error.cause
    return compare_paired(*correct)
