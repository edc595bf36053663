"""`gru-sent baseline`."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from gru_sentiment.cli.errors import command
from gru_sentiment.cli.options import ConfigFile, Debug, Force, Offline, Overrides, Quiet
from gru_sentiment.cli.outputs import check_run_folder
from gru_sentiment.cli.streams import on_terminal
from gru_sentiment.config.loading import load_config
from gru_sentiment.machine.environment import set_up_network
from gru_sentiment.reporting.console import console
from gru_sentiment.reporting.training import baseline_report


class Model(StrEnum):
    """A kind of linear model."""

    majority = "majority"
    tfidf = "tfidf"
    nb = "nb"


def baseline(
    config: ConfigFile,
    overrides: Overrides = None,
    model: Annotated[
        Model | None,
        typer.Option("--model", help="Save this model; by default the best on validation."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FOLDER",
            help="Write the run folder here; by default runs/baseline.",
        ),
    ] = None,
    force: Force = False,
    offline: Offline = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Fit linear models on a config's data, as a baseline for a network.

    majority predicts the most frequent class.

    tfidf weighs words and pairs of words by TF-IDF.

    nb weighs one to three words by naive Bayes.
    """
    with command(debug=debug, quiet=quiet):
        settings = load_config(config, overrides or [])
        from gru_sentiment.recipes import inputs

        target = output or settings.run.output
        check_run_folder(target, inputs.of_config(settings, config), force=force)
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
