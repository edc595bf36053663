"""Train a config with several seeds or on several folds, and summarise their scores."""

from __future__ import annotations

import logging
import shutil
import statistics
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from gru_sentiment.artifact.files import (
    CONFIG,
    LATEST,
    METADATA,
    RUNS,
    SERIES,
    partial_of,
    writing,
)
from gru_sentiment.artifact.folders import is_run, point_latest_to
from gru_sentiment.artifact.run_config import load_run_config
from gru_sentiment.artifact.series import Series, read_series, write_series
from gru_sentiment.artifact.series_runs import FOLD, KEYS, SEED
from gru_sentiment.artifact.summaries import read_summary
from gru_sentiment.config.changes import changes_between
from gru_sentiment.config.loading import changed_config
from gru_sentiment.config.sections import Config
from gru_sentiment.errors import ArtifactError, ConfigError, UserError
from gru_sentiment.results.runs import RunSummary, SeriesResult, Spread

logger = logging.getLogger(__name__)

SUMMARISED = ("accuracy", "loss", "macro_f1", "roc_auc")
"""Metrics whose mean and spread over the runs are computed, for every split."""
FAILURES = (UserError, MemoryError, RuntimeError, OSError)
"""What a training may end with that is not a bug."""


@dataclass(frozen=True)
class Trainer:
    """How one run is trained."""

    train: Callable[[Config], object]
    """Trains a config into its `run.output`."""
    resume: Callable[[Path, Config], object]
    """Resumes the training of a run folder with its config."""


@dataclass(frozen=True)
class SeriesRun:
    """One run's training."""

    folder: Path
    config: Config
    finished: bool
    resumable: bool
    """Whether its training was interrupted and can be resumed."""


def train_seeds(
    config: Config, n: int, trainer: Trainer, *, name: str, force: bool = False
) -> SeriesResult:
    """Train `n` seeds, from `run.seed` on, into one folder; seeds that it holds are kept.

    Args:
        config: of every training but for its seed and its folder.
        n: number of seeds, at least 2.
        trainer: how one seed is trained.
        name: where the config names no `run.output`, the folder is runs/NAME, or the first of
            runs/NAME-2, … that is free or holds seeds of this config.
        force: train all seeds anew.

    Raises:
        ArtifactError: the folder holds something else, or seeds of another config.
    """
    return _train_series(SEED, config, n, trainer, name=name, force=force)


def train_folds(
    config: Config, folds: int, trainer: Trainer, *, name: str, force: bool = False
) -> SeriesResult:
    """Train one run for each fold of the data, validated on it, into one folder (cross-validation).

    Args:
        config: of every training but for its fold and its folder.
        folds: number of folds, at least 2.
        trainer: how one fold is trained.
        name: as for `train_seeds`.
        force: train all folds anew.

    Raises:
        ArtifactError: the folder holds something else, or folds of another config.
        ConfigError: the config cannot be trained on folds.
    """
    first = changed_config(config, flags={"data.folds": folds, "data.fold": 1})
    return _train_series(FOLD, first, folds, trainer, name=name, force=force)


def resume_series(
    folder: Path,
    trainer: Trainer,
    *,
    config: Config | None = None,
    overrides: Sequence[str] = (),
    flags: Mapping[str, str | int] | None = None,
) -> SeriesResult:
    """Train or resume all runs of a folder that are not finished.

    Args:
        folder: of all seeds or folds.
        trainer: how one run is trained.
        config: must be that of the runs, where it is given; that of folds may lack the folds.
        overrides: `section.key=value` that must be those of the runs.
        flags: values by key that must be those of the runs.

    Raises:
        ArtifactError: the folder cannot be read, or a run in it is of another config.
        ConfigError: a setting differs from that of the runs, which are runs of one config.
    """
    series = read_series(folder)
    after = config or changed_config(series.config, overrides, flags)
    if series.kind == FOLD and after.data.folds is None:
        after = _with(after, {"data.folds": series.config.data.folds, "data.fold": 1})
    changes = changes_between(series.config, after)
    if changes:
        raise ConfigError(
            "\n".join(
                f"{key}: {old} in {folder}, {new} now" for key, (old, new) in changes.items()
            ),
            hint=f"all {series.kind}s are trained with the same settings: leave these out, or "
            f"train other {series.kind}s into another --output",
        )
    return _train(series, _runs(series, force=False), trainer)


def holds_series(folder: Path) -> bool:
    """Whether a folder holds the runs of several seeds or folds."""
    return (folder / SERIES).is_file()


def _train_series(
    kind: str, config: Config, n: int, trainer: Trainer, *, name: str, force: bool
) -> SeriesResult:
    first = _value(config, KEYS[kind])
    names = tuple(f"{kind}-{first + i}" for i in range(n))
    series = Series(Path(), _with(config, {"run.output": None}), names, None, kind)
    series = replace(series, folder=config.run.output or _free_folder(series, name))
    _check_usable(series, force=force)
    runs = _runs(series, force=force)
    if force:
        _remove_others(series)
    write_series(series)
    return _train(series, runs, trainer)


def _train(series: Series, runs: Sequence[SeriesRun], trainer: Trainer) -> SeriesResult:
    kind, folder = series.kind, series.folder
    for number, run in enumerate(runs, 1):
        state = "finished before" if run.finished else "resumed" if run.resumable else "new"
        logger.info("%s %d of %d: %s, %s", kind, number, len(runs), run.folder, state)
        try:
            if run.resumable:
                trainer.resume(run.folder, run.config)
            elif not run.finished:
                trainer.train(run.config)
        except KeyboardInterrupt:
            logger.warning("resume all %ss with: gru-sent train --resume %s", kind, folder)
            raise
        except FAILURES:
            if not _forget(folder):
                logger.warning(
                    "%s %d of %d failed; the finished ones stay. Once the reason below is gone, "
                    "train the others with: gru-sent train --resume %s",
                    kind,
                    number,
                    len(runs),
                    folder,
                )
            raise
    return _summarise(folder)


def _forget(folder: Path) -> bool:
    """Remove a folder that holds no run; whether it held none."""
    if any(path.name != SERIES for path in folder.iterdir()):
        return False
    with suppress(OSError):
        (folder / SERIES).unlink()
        folder.rmdir()
    return True


def _summarise(folder: Path) -> SeriesResult:
    """Mean and spread of the runs; the best one by `training.monitor` becomes the latest run."""
    series = read_series(folder)
    runs = [read_summary(folder / name) for name in series.names]
    monitor = series.config.training.followed
    best = _best(runs, monitor)
    spread = {
        key: _spread(values)
        for key in (f"{split}.{name}" for split in ("validation", "test") for name in SUMMARISED)
        if len(values := [run.metrics[key] for run in runs if key in run.metrics]) == len(runs)
    }
    marked = replace(series, best=Path(best.run).name)
    write_series(marked, {key: asdict(of) for key, of in spread.items()})
    point_latest_to(marked.best_run)
    return SeriesResult(
        kind=series.kind,
        folder=str(folder),
        runs=[replace(run, best=run is best) for run in runs],
        spread=spread,
        best=best.run,
        monitor=monitor,
    )


def _free_folder(series: Series, name: str) -> Path:
    number, folder = 1, RUNS / name
    while folder == LATEST or (folder.exists() and not _holds_the_same(folder, series)):
        number += 1
        folder = RUNS / f"{name}-{number}"
    return folder


def _holds_the_same(folder: Path, series: Series) -> bool:
    if not holds_series(folder):
        return False
    there = read_series(folder)
    return there.kind == series.kind and not changes_between(there.config, series.config)


def _check_usable(series: Series, *, force: bool) -> None:
    folder, kind = series.folder, series.kind
    if holds_series(folder):
        there = read_series(folder)
        if there.kind != kind:
            raise ArtifactError(
                f"{folder}: holds {there.kind}s, not {kind}s", hint="choose another --output"
            )
        changes = {} if force else changes_between(there.config, series.config)
        if changes:
            differences = (f"{key}: {old} there, {new} now" for key, (old, new) in changes.items())
            raise ArtifactError(
                f"{folder}: holds {kind}s of another config\n  " + "\n  ".join(differences),
                hint="choose another --output, or replace them with --force",
            )
    elif folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        what = "is a run" if is_run(folder) else f"exists already and holds no {kind}s"
        raise ArtifactError(f"{folder}: {what}", hint="choose another --output")


def _remove_others(series: Series) -> None:
    """Remove the runs that the folder's series before had and this one has not."""
    folder = series.folder
    names = read_series(folder).names if holds_series(folder) else ()
    for name in set(names) - set(series.names):
        for path in (folder / name, partial_of(folder / name)):
            if path.is_dir():
                with writing(path):
                    shutil.rmtree(path)


def _with(config: Config, values: Mapping[str, object]) -> Config:
    """The config with values by dotted key, which are known to be right."""
    for key, value in values.items():
        section, _, name = key.partition(".")
        changed = getattr(config, section).model_copy(update={name: value})
        config = config.model_copy(update={section: changed})
    return config


def _value(config: Config, key: str) -> Any:
    section, _, name = key.partition(".")
    return getattr(getattr(config, section), name)


def _runs(series: Series, *, force: bool) -> list[SeriesRun]:
    """The training of every seed or fold, as far as it is done."""
    key = KEYS[series.kind]
    first = _value(series.config, key)
    runs = []
    for i, name in enumerate(series.names):
        folder = series.folder / name
        config = _with(series.config, {key: first + i, "run.output": folder})
        finished = not force and (folder / METADATA).is_file()
        resumable = not (force or finished) and (partial_of(folder) / CONFIG).is_file()
        if finished:
            _check_same(folder, config)
        runs.append(SeriesRun(folder, config, finished, resumable))
    return runs


def _check_same(folder: Path, config: Config) -> None:
    changes = changes_between(load_run_config(folder), config)
    if changes:
        raise ArtifactError(
            f"{folder}: was trained with another {', '.join(changes)}",
            hint="choose another --output, or replace it with --force",
        )


def _best(runs: list[RunSummary], monitor: str) -> RunSummary:
    """The run with the best validation score, the first of equally good ones."""
    sign, key = (-1 if monitor[0] == "-" else 1), f"validation.{monitor[1:]}"
    missing = [run.run for run in runs if key not in run.metrics]
    if missing:
        raise ArtifactError(
            f"{missing[0]}: its metrics.json has no {key}", hint="train this run again"
        )
    return max(runs, key=lambda run: sign * run.metrics[key])


def _spread(values: list[float]) -> Spread:
    return Spread(statistics.mean(values), statistics.stdev(values), min(values), max(values))
