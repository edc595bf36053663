"""`gru-sent export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gru_sentiment.cli.errors import command
from gru_sentiment.cli.options import Debug, Offline, Quiet, Threads
from gru_sentiment.cli.outputs import check_run_folder
from gru_sentiment.machine.environment import set_up_network
from gru_sentiment.reporting.console import console
from gru_sentiment.reporting.export import export_report


def export(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Export this run folder.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FOLDER", help="Write this folder.")
    ],
    form: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="NAME",
            help="Write this format: onnx (networks) or numpy (any run).",
        ),
    ] = "onnx",
    int8: Annotated[
        bool,
        typer.Option(
            "--int8",
            help="Store the word vectors, most of the file, as whole numbers of 8 bits with a "
            "scale a word: a quarter of their bytes.",
        ),
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Replace the folder if it is an export.")
    ] = False,
    threads: Threads = None,
    offline: Offline = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Write a run as a folder that predicts without gru-sent, and compare their predictions.

    The format onnx needs the extra export, numpy nothing else.
    """
    with command(debug=debug, quiet=quiet):
        from gru_sentiment.recipes import inputs

        check_run_folder(output, inputs.of_run(run), force=force)
        set_up_network(offline=offline)
        from gru_sentiment.recipes import export as recipe

        result = recipe.export(run, output, form=form, int8=int8, force=force, threads=threads)
        console().print(export_report(result))
