"""`gru-sent evaluate`."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from gru_sentiment.cli.errors import command
from gru_sentiment.cli.options import Debug, Device, DeviceOption, Offline, Quiet, Threads
from gru_sentiment.cli.progress import on_terminal
from gru_sentiment.errors import ConfigError
from gru_sentiment.process import set_up_network
from gru_sentiment.reporting.terminal import console, evaluation_report


class Split(StrEnum):
    """A part of a run's own data."""

    test = "test"
    validation = "validation"


def evaluate(
    run: Annotated[Path | None, typer.Argument(help="Run folder; runs/latest by default.")] = None,
    split: Annotated[
        Split | None, typer.Option("--split", help="Part of the run's own data; test by default.")
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option("--data", help="Labelled csv, tsv, jsonl, json or parquet instead."),
    ] = None,
    json_file: Annotated[
        Path | None,
        typer.Option("--json", help="Write the metrics to this file, - for the output."),
    ] = None,
    device: DeviceOption = Device.auto,
    threads: Threads = None,
    offline: Offline = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Score a run on its test part or on a labelled file."""
    with command(debug=debug, quiet=quiet):
        if split is not None and data is not None:
            raise ConfigError("--split and --data: give one of them")

        set_up_network(offline=offline)
        from gru_sentiment.recipes import evaluate as recipe

        result = recipe.evaluate(
            run,
            split=split,
            data=data,
            device=device,
            threads=threads,
            progress=on_terminal(sys.stderr) and not quiet,
        )
        text = json.dumps(result.to_json(), indent=2, ensure_ascii=False)
        if json_file == Path("-"):
            print(text)
            return
        if json_file is not None:
            _write(json_file, text + "\n")
        console().print(evaluation_report(result))


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise ConfigError(f"--json {path}: cannot be written: {error.strerror}") from error
