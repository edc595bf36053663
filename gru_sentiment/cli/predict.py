"""`gru-sent predict`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from gru_sentiment.cli.errors import command
from gru_sentiment.cli.options import Debug, Device, DeviceOption, Offline, Threads
from gru_sentiment.process import set_up_network
from gru_sentiment.reporting.terminal import console, prediction_report


def predict(
    text: Annotated[str, typer.Argument(help="The review.")],
    run: Annotated[
        Path | None, typer.Option("--run", help="Run folder; runs/latest by default.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    device: DeviceOption = Device.auto,
    threads: Threads = None,
    offline: Offline = False,
    debug: Debug = False,
) -> None:
    """Say what a review is."""
    with command(debug=debug):
        set_up_network(offline=offline)
        from gru_sentiment.recipes import predict as recipe

        (answer,) = recipe.predict([text], run, device=device, threads=threads)
        if as_json:
            print(json.dumps(answer.to_json(), ensure_ascii=False))
            return
        output = console()
        output.print(prediction_report(answer, terminal=output.is_terminal))
