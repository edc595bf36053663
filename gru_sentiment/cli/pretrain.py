"""`gru-sent pretrain`."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from gru_sentiment.cli.errors import command
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
from gru_sentiment.reporting.training import pretraining_report


def pretrain(
    config: Annotated[
        Path | None,
        typer.Option(
            "--config", "-c", metavar="FILE", help="Read the settings from this YAML config."
        ),
    ] = None,
    overrides: Overrides = None,
    resume: Resume = None,
    output: Output = None,
    device: DeviceOverride = None,
    threads: Threads = None,
    force: Force = False,
    offline: Offline = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Train a language model on texts; `train` can start from its encoder."""
    check_resume(config, resume, output=output, force=force)
    with command(debug=debug, quiet=quiet):
        flags = flags_from(output=output, device=device, threads=threads)
        settings = load_config(config, overrides or [], flags) if config else None
        from gru_sentiment.recipes import inputs

        read = inputs.of_config(settings, config) if settings else {}
        target = settings.run.output if settings else None
        resumed = inputs.of_run(resume) if resume else {}
        check_run_folder(target, {**read, **resumed}, force=force)
        set_up_network(offline=offline)
        from gru_sentiment.recipes import pretrain as recipe

        terminal = on_terminal(sys.stderr) and not quiet
        with closing(observer_for(quiet=quiet)) as observer:
            if resume:
                result = recipe.resume(
                    resume,
                    observer,
                    config=settings,
                    overrides=overrides or [],
                    flags=flags,
                    progress=terminal,
                )
            else:
                assert config is not None
                assert settings is not None
                result = recipe.pretrain(
                    settings, observer, name=config.stem, force=force, progress=terminal
                )
        console().print(pretraining_report(result))
