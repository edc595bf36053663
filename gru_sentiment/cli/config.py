"""`gru-sent config check | show | schema`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gru_sentiment.cli.arguments import Command
from gru_sentiment.cli.errors import command
from gru_sentiment.cli.examples import epilog
from gru_sentiment.cli.options import Debug, Overrides
from gru_sentiment.cli.outputs import check_standard_output
from gru_sentiment.cli.streams import can_show, print_json
from gru_sentiment.config.loading import dump_config, load_config
from gru_sentiment.config.sections import Config

app = typer.Typer(help="Check, print and describe config files.", no_args_is_help=True)

File = Annotated[Path, typer.Argument(metavar="FILE", help="Read this YAML config.")]


@app.command("check", cls=Command, epilog=epilog("config check"))
def check(file: File, overrides: Overrides = None, debug: Debug = False) -> None:
    """Check a config and print every error in it."""
    with command(debug=debug):
        load_config(file, overrides or [])
        check_standard_output({"the config": [file]})
        print(f"{file}: valid")


@app.command("show", cls=Command, epilog=epilog("config show"))
def show(file: File, overrides: Overrides = None, debug: Debug = False) -> None:
    """Print a config with all its defaults."""
    with command(debug=debug):
        settings = load_config(file, overrides or [])
        check_standard_output({"the config": [file]})
        text = dump_config(settings)
        print(text if can_show(text) else dump_config(settings, only_ascii=True), end="")


@app.command("schema", cls=Command, epilog=epilog("config schema"))
def schema() -> None:
    """Print the JSON schema of a config, from which editors complete YAML."""
    with command(debug=False):
        print_json(Config.model_json_schema(), indent=2)
