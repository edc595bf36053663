"""`gru-sent config check | show | schema`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from gru_sentiment.cli.errors import command
from gru_sentiment.cli.options import Debug, Overrides
from gru_sentiment.config.loading import dump_config, load_config
from gru_sentiment.config.sections import Config

app = typer.Typer(help="Check, resolve and describe config files.", no_args_is_help=True)

File = Annotated[Path, typer.Argument(help="YAML config.")]


@app.command("check")
def check(file: File, overrides: Overrides = None, debug: Debug = False) -> None:
    """Say what is wrong with a config, or that nothing is."""
    with command(debug=debug):
        load_config(file, overrides or [])
        print(f"{file}: valid")


@app.command("show")
def show(file: File, overrides: Overrides = None, debug: Debug = False) -> None:
    """Print a config with every default written out."""
    with command(debug=debug):
        print(dump_config(load_config(file, overrides or [])), end="")


@app.command("schema")
def schema() -> None:
    """Print the JSON schema of configs, for editors that complete YAML."""
    print(json.dumps(Config.model_json_schema(), indent=2))
