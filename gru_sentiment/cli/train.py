"""`gru-sent train` and `gru-sent reproduce`."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer
from rich.console import RenderableType

from gru_sentiment.cli.errors import CHECK_FAILED, command
from gru_sentiment.cli.options import (
    Debug,
    DeviceOverride,
    Force,
    Offline,
    Output,
    Overrides,
    Quiet,
    Resume,
    Threads,
    check_resume,
    flags_from,
)
from gru_sentiment.cli.outputs import check_run_folder
from gru_sentiment.cli.progress import observer_for
from gru_sentiment.cli.streams import on_terminal
from gru_sentiment.config.loading import load_config
from gru_sentiment.machine.environment import set_up_network
from gru_sentiment.reporting.console import console
from gru_sentiment.reporting.runs import series_report
from gru_sentiment.reporting.training import reproduction_report, training_report

YAML = {".yaml", ".yml"}
NEEDED = "a file of labelled texts, FILE, or a config to train, --config FILE"


def train(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE",
            help="Train on this file of labelled texts, with the config that gru-sent init "
            "writes for it; or train this YAML config.",
            show_default=False,
        ),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config", "-c", metavar="FILE", help="Read the settings from this YAML config."
        ),
    ] = None,
    overrides: Overrides = None,
    resume: Resume = None,
    seeds: Annotated[
        int | None,
        typer.Option(
            "--seeds",
            min=2,
            max=1000,
            metavar="N",
            help="Train this many runs with different seeds, from run.seed on, and print the mean "
            "and the spread of their scores.",
        ),
    ] = None,
    folds: Annotated[
        int | None,
        typer.Option(
            "--folds",
            min=2,
            max=1000,
            metavar="N",
            help="Cross-validate, for few rows: divide them into this many folds, train a run for "
            "each, validated on it, and print the mean and the spread of their scores.",
        ),
    ] = None,
    output: Output = None,
    device: DeviceOverride = None,
    threads: Threads = None,
    force: Force = False,
    deterministic: Annotated[
        bool,
        typer.Option(
            "--deterministic", help="Refuse operations on CUDA that are not deterministic."
        ),
    ] = False,
    offline: Offline = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Train a classifier and write a run folder."""
    if file and file.suffix in YAML and config is None:
        file, config = None, file
    check_resume(config, resume, output=output, force=force, file=file, needed=NEEDED)
    _check_series(seeds=seeds, folds=folds, resume=resume)
    with command(debug=debug, quiet=quiet):
        flags = flags_from(
            output=output, device=device, threads=threads, deterministic=deterministic or None
        )
        if folds:
            flags |= {"data.folds": folds, "data.fold": 1}
        from gru_sentiment.recipes import inputs

        settings = load_config(config, overrides or [], flags) if config else None
        if file:
            from gru_sentiment.recipes import init

            settings = init.config_for(file, overrides or [], flags)

        read = inputs.of_config(settings, config) if settings else {}
        target = settings.run.output if settings else None
        resumed = inputs.of_run(resume) if resume else {}
        check_run_folder(target, {**read, **resumed}, force=force)
        set_up_network(offline=offline)

        from gru_sentiment.recipes import series
        from gru_sentiment.recipes import train as recipe

        terminal = on_terminal(sys.stderr) and not quiet
        report: RenderableType
        with closing(observer_for(quiet=quiet)) as observer:
            trainer = series.Trainer(
                lambda of_run: recipe.train(of_run, observer, force=force, progress=terminal),
                lambda run, of_run: recipe.resume(run, observer, config=of_run, progress=terminal),
            )
            if resume and series.holds_series(resume):
                report = series_report(
                    series.resume_series(
                        resume,
                        trainer,
                        config=settings,
                        overrides=overrides or [],
                        flags=flags,
                    )
                )
            elif resume:
                result = recipe.resume(
                    resume,
                    observer,
                    config=settings,
                    overrides=overrides or [],
                    flags=flags,
                    progress=terminal,
                )
                report = training_report(result)
            else:
                assert settings is not None
                name = config.stem if config else str(file and file.name.split(".")[0])
                if seeds:
                    report = series_report(
                        series.train_seeds(settings, seeds, trainer, name=name, force=force)
                    )
                elif folds:
                    report = series_report(
                        series.train_folds(settings, folds, trainer, name=name, force=force)
                    )
                else:
                    result = recipe.train(
                        settings, observer, name=name, force=force, progress=terminal
                    )
                    report = training_report(result)
        console().print(report)


def _check_series(*, seeds: int | None, folds: int | None, resume: Path | None) -> None:
    if seeds is not None and folds is not None:
        raise typer.BadParameter(
            "--seeds and --folds: give one of the two; run.seed is the seed of every fold"
        )
    given = "seeds" if seeds is not None else "folds" if folds is not None else None
    if resume is not None and given:
        raise typer.BadParameter(
            f"--resume trains the {given} that the folder was made for: leave --{given} out"
        )


def reproduce(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Train this run folder again.")],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FOLDER",
            help="Write the second run here; by default RUN-reproduced.",
        ),
    ] = None,
    force: Force = False,
    offline: Offline = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Train a run again from its own config and compare the weights.

    The exit code is 3 if they differ.
    """
    with command(debug=debug, quiet=quiet):
        from gru_sentiment.recipes import inputs

        check_run_folder(output, inputs.of_run(run), force=force)
        set_up_network(offline=offline)
        from gru_sentiment.recipes import reproduce as comparing
        from gru_sentiment.recipes import train as recipe

        settings = comparing.config_of(run, output)
        with closing(observer_for(quiet=quiet)) as observer:
            result = recipe.train(settings, observer, force=force)
        reproduction = comparing.compare(run, Path(result.run))
        console().print(reproduction_report(reproduction))
        if not reproduction.equal:
            raise typer.Exit(CHECK_FAILED)
