"""`gru-sent data check`."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import Annotated

import typer

from gru_sentiment.cli.arguments import Command
from gru_sentiment.cli.errors import command
from gru_sentiment.cli.examples import epilog
from gru_sentiment.cli.options import ConfigFile, Debug, Overrides
from gru_sentiment.cli.outputs import check_standard_output
from gru_sentiment.cli.streams import on_terminal, print_json
from gru_sentiment.config.loading import load_config
from gru_sentiment.config.sections import Config
from gru_sentiment.reporting.console import console
from gru_sentiment.reporting.data import data_report, label_report

app = typer.Typer(help="Check the data of a config.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Check the data of a config."""


@app.command("check", cls=Command, epilog=epilog("data check"))
def check(
    config: ConfigFile,
    overrides: Overrides = None,
    labels: Annotated[
        bool,
        typer.Option(
            "--labels",
            help="Rank the labels that are likely wrong instead, by predictions from the other "
            "rows. Needs the extra clean.",
        ),
    ] = False,
    as_json: Annotated[
        bool,
        typer.Option(
            "--json", help="Print the result as JSON; with --labels a line for each suspect label."
        ),
    ] = False,
    debug: Debug = False,
) -> None:
    """Print the classes, lengths, duplicates, overlaps and vector coverage of the data.

    With the extra clean, also the rows of a split that almost equal a row of another split.
    """
    with command(debug=debug):
        settings = load_config(config, overrides or [])

        from gru_sentiment.recipes import check_data as recipe
        from gru_sentiment.recipes import inputs

        check_standard_output(inputs.of_config(settings, config))

        if labels:
            _check_labels(settings, as_json=as_json)
            return
        report = recipe.check_data(settings, progress=on_terminal(sys.stderr))
        if as_json:
            print_json(report.to_json(), indent=2)
            return
        console().print(data_report(report))


def _check_labels(settings: Config, *, as_json: bool) -> None:
    from gru_sentiment.recipes import check_labels as recipe

    report = recipe.check_labels(settings, progress=on_terminal(sys.stderr))
    if as_json:
        for suspect in report.suspects:
            print_json(asdict(suspect))
        return
    console().print(label_report(report))
