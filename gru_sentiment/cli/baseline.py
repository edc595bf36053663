"""`gru-sent baseline`."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from gru_sentiment.cli.errors import command
from gru_sentiment.cli.options import ConfigFile, Debug, Offline, Overrides, Quiet
from gru_sentiment.cli.progress import on_terminal
from gru_sentiment.config.loading import load_config
from gru_sentiment.machine.environment import set_up_network
from gru_sentiment.reporting.console import console
from gru_sentiment.reporting.training import baseline_report


class Model(StrEnum):
    """A baseline."""

    majority = "majority"
    tfidf = "tfidf"
    nb = "nb"


def baseline(
    config: ConfigFile,
    overrides: Overrides = None,
    model: Annotated[
        Model | None,
        typer.Option("--model", help="The one to save; the best on validation by default."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Run folder; runs/baseline by default.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing run folder.")] = False,
    offline: Offline = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Fit linear models on a config's data: what a network must beat.

    The majority class; words and pairs by TF-IDF; one to three words weighted by naive Bayes. Needs
    the extra `baseline`.
    """
    with command(debug=debug, quiet=quiet):
        settings = load_config(config, overrides or [])
        set_up_network(offline=offline)
        from gru_sentiment.recipes import baseline as recipe

        result = recipe.baseline(
            settings,
            output=output,
            model=model,
            force=force,
            progress=on_terminal(sys.stderr) and not quiet,
        )
        console().print(baseline_report(result))
