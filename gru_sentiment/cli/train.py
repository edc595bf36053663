"""`gru-sent train`."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from gru_sentiment.cli.errors import command
from gru_sentiment.cli.options import ConfigFile, Debug, Device, Overrides, Quiet, Threads
from gru_sentiment.cli.progress import BarProgress, LineProgress, SilentProgress, on_terminal
from gru_sentiment.config_file import load_config
from gru_sentiment.reporting.terminal import console, training_report


def train(
    config: ConfigFile,
    overrides: Overrides = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Run folder; runs/CONFIG by default.")
    ] = None,
    device: Annotated[
        Device | None, typer.Option("--device", help="Where to compute; the config's by default.")
    ] = None,
    threads: Threads = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing run folder.")] = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Train a classifier and leave a run folder."""
    with command(debug=debug, quiet=quiet):
        given = {"run.output": output, "run.device": device, "run.threads": threads}
        flags = {
            key: value if isinstance(value, int) else str(value)
            for key, value in given.items()
            if value is not None
        }
        settings = load_config(config, overrides or [], flags)

        from gru_sentiment.recipes import train as recipe

        terminal = on_terminal(sys.stderr)
        observer = SilentProgress() if quiet else BarProgress() if terminal else LineProgress()
        with closing(observer):
            result = recipe.train(
                settings, observer, name=config.stem, force=force, progress=terminal and not quiet
            )
        console().print(training_report(result))
