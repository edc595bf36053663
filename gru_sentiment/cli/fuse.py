"""`gru-sent fuse`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from gru_sentiment.cli.errors import command
from gru_sentiment.cli.options import Debug, Device, DeviceOption, Force, Offline, Quiet, Threads
from gru_sentiment.cli.outputs import check_run_folder
from gru_sentiment.cli.streams import on_terminal
from gru_sentiment.machine.environment import set_up_network
from gru_sentiment.reporting.console import console
from gru_sentiment.reporting.training import fusion_report


def fuse(
    runs: Annotated[
        list[Path], typer.Argument(metavar="RUN", help="Combine these run folders, two or more.")
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FOLDER",
            help="Write the run folder here; by default runs/fused.",
        ),
    ] = None,
    force: Force = False,
    device: DeviceOption = Device.auto,
    threads: Threads = None,
    offline: Offline = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Combine runs on the same data, with weights fitted on their validation split."""
    with command(debug=debug, quiet=quiet):
        from gru_sentiment.recipes import inputs

        check_run_folder(output, inputs.of_runs(runs), force=force)
        set_up_network(offline=offline)
        from gru_sentiment.recipes import fuse as recipe

        result = recipe.fuse(
            runs,
            output=output,
            force=force,
            device=device,
            threads=threads,
            progress=on_terminal(sys.stderr) and not quiet,
        )
        console().print(fusion_report(result))
