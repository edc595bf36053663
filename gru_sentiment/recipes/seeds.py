"""Train a config with several seeds, one after the other, and summarise their scores."""

from __future__ import annotations

import logging
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from gru_sentiment.artifact.contents import load_run_config
from gru_sentiment.artifact.files import CONFIG, LATEST, METADATA, RUNS, SEEDS, partial_of
from gru_sentiment.artifact.folders import is_run, point_latest_to
from gru_sentiment.artifact.seeds import Seeds, read_seeds, write_seeds
from gru_sentiment.artifact.summaries import read_summary
from gru_sentiment.config.changes import changes_between
from gru_sentiment.config.loading import changed_config
from gru_sentiment.config.sections import Config
from gru_sentiment.errors import ArtifactError, ConfigError
from gru_sentiment.results.runs import RunSummary, SeedsResult, Spread

logger = logging.getLogger(__name__)

SUMMARISED = ("accuracy", "loss", "macro_f1", "roc_auc")
"""Metrics whose mean and spread over the seeds are computed, for every split."""


@dataclass(frozen=True)
class Trainer:
    """How one seed is trained."""

    train: Callable[[Config], object]
    """Trains a config into its `run.output`."""
    resume: Callable[[Path, Config], object]
    """Resumes the training of a run folder with its config."""


@dataclass(frozen=True)
class SeedRun:
    """One seed's training."""

    folder: Path
    config: Config
    finished: bool
    resumable: bool
    """Whether its training was interrupted and can be resumed."""


def train_seeds(
    config: Config, n: int, trainer: Trainer, *, name: str, force: bool = False
) -> SeedsResult:
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
    folder = config.run.output or _free_folder(config, name)
    _check_usable(folder, config, force=force)
    names = tuple(f"seed-{config.run.seed + i}" for i in range(n))
    seeds = Seeds(folder, _with_run(config, output=None), names, None)
    runs = _runs(seeds, force=force)
    write_seeds(seeds)
    return _train(folder, runs, trainer)


def resume_seeds(
    folder: Path,
    trainer: Trainer,
    *,
    config: Config | None = None,
    overrides: Sequence[str] = (),
    flags: Mapping[str, str | int] | None = None,
) -> SeedsResult:
    """Train or resume all seeds of a folder that are not finished.

    Args:
        folder: of all seeds.
        trainer: how one seed is trained.
        config: must be that of the seeds, where it is given.
        overrides: `section.key=value` that must be those of the seeds.
        flags: values by key that must be those of the seeds.

    Raises:
        ArtifactError: the folder cannot be read, or a run in it is of another config.
        ConfigError: a setting differs from that of the seeds, which are runs of one config.
    """
    seeds = read_seeds(folder)
    after = config or changed_config(seeds.config, overrides, flags)
    changes = changes_between(seeds.config, after)
    if changes:
        raise ConfigError(
            "\n".join(
                f"{key}: {old} in {folder}, {new} now" for key, (old, new) in changes.items()
            ),
            hint="all seeds are trained with the same settings: leave these out, or train other "
            "seeds into another --output",
        )
    return _train(folder, _runs(seeds, force=False), trainer)


def is_folder_of_seeds(folder: Path) -> bool:
    """Whether a folder holds the runs of several seeds."""
    return (folder / SEEDS).is_file()


def _train(folder: Path, runs: Sequence[SeedRun], trainer: Trainer) -> SeedsResult:
    try:
        for number, run in enumerate(runs, 1):
            state = "finished before" if run.finished else "resumed" if run.resumable else "new"
            logger.info("seed %d of %d: %s, %s", number, len(runs), run.folder, state)
            if run.resumable:
                trainer.resume(run.folder, run.config)
            elif not run.finished:
                trainer.train(run.config)
    except KeyboardInterrupt:
        logger.warning("resume all seeds with: gru-sent train --resume %s", folder)
        raise
    return _summarise(folder)


def _summarise(folder: Path) -> SeedsResult:
    """Mean and spread of the seeds; the best one by `training.monitor` becomes the latest run."""
    seeds = read_seeds(folder)
    runs = [read_summary(folder / name) for name in seeds.names]
    monitor = seeds.config.training.monitor
    best = _best(runs, monitor)
    spread = {
        key: _spread(values)
        for key in (f"{split}.{name}" for split in ("validation", "test") for name in SUMMARISED)
        if len(values := [run.metrics[key] for run in runs if key in run.metrics]) == len(runs)
    }
    marked = replace(seeds, best=Path(best.run).name)
    write_seeds(marked, {key: asdict(of) for key, of in spread.items()})
    point_latest_to(marked.best_run)
    return SeedsResult(
        folder=str(folder),
        runs=[replace(run, best=run is best) for run in runs],
        spread=spread,
        best=best.run,
        monitor=monitor,
    )


def _free_folder(config: Config, name: str) -> Path:
    number, folder = 1, RUNS / name
    while folder == LATEST or (folder.exists() and not _holds_seeds_of(folder, config)):
        number += 1
        folder = RUNS / f"{name}-{number}"
    return folder


def _holds_seeds_of(folder: Path, config: Config) -> bool:
    return is_folder_of_seeds(folder) and not changes_between(read_seeds(folder).config, config)


def _check_usable(folder: Path, config: Config, *, force: bool) -> None:
    if is_folder_of_seeds(folder):
        changes = {} if force else changes_between(read_seeds(folder).config, config)
        if changes:
            differences = (f"{key}: {old} there, {new} now" for key, (old, new) in changes.items())
            raise ArtifactError(
                f"{folder}: holds seeds of another config\n  " + "\n  ".join(differences),
                hint="choose another --output, or replace them with --force",
            )
    elif folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        what = "is a run" if is_run(folder) else "exists already and holds no seeds"
        raise ArtifactError(f"{folder}: {what}", hint="choose another --output")


def _with_run(config: Config, **changes: object) -> Config:
    return config.model_copy(update={"run": config.run.model_copy(update=changes)})


def _runs(seeds: Seeds, *, force: bool) -> list[SeedRun]:
    """The training of every seed, as far as it is done."""
    first = seeds.config.run.seed
    runs = []
    for i, name in enumerate(seeds.names):
        folder = seeds.folder / name
        config = _with_run(seeds.config, seed=first + i, output=folder)
        finished = not force and (folder / METADATA).is_file()
        resumable = not (force or finished) and (partial_of(folder) / CONFIG).is_file()
        if finished:
            _check_same(folder, config)
        runs.append(SeedRun(folder, config, finished, resumable))
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
            f"{missing[0]}: its metrics.json has no {key}", hint="train this seed again"
        )
    return max(runs, key=lambda run: sign * run.metrics[key])


def _spread(values: list[float]) -> Spread:
    return Spread(statistics.mean(values), statistics.stdev(values), min(values), max(values))
