"""`gru-sent data check`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from gru_sentiment.cli.arguments import Command
from gru_sentiment.cli.errors import command
from gru_sentiment.cli.examples import epilog
from gru_sentiment.cli.options import ConfigFile, Debug, Overrides
from gru_sentiment.cli.outputs import check_standard_output
from gru_sentiment.cli.progress import on_terminal
from gru_sentiment.cli.streams import print_json
from gru_sentiment.config.loading import load_config
from gru_sentiment.reporting.console import console
from gru_sentiment.reporting.data import data_report

app = typer.Typer(help="Check the data of a config.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Check the data of a config."""


@app.command("check", cls=Command, epilog=epilog("data check"))
def check(
    config: ConfigFile,
    overrides: Overrides = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    debug: Debug = False,
) -> None:
    """Print the classes, lengths, duplicates, overlaps and vector coverage of the data."""
    with command(debug=debug):
        settings = load_config(config, overrides or [])

        from gru_sentiment.recipes import check_data as recipe
        from gru_sentiment.recipes import inputs

        check_standard_output(inputs.of_config(settings, config))

        report = recipe.check_data(settings, progress=on_terminal(sys.stderr))
        if as_json:
            print_json(report.to_json(), indent=2)
            return
        console().print(data_report(report))
