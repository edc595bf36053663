"""`gru-sent`: the commands. Imports neither torch nor spaCy; a command's body does."""

from __future__ import annotations

import os
import sys

import typer

import gru_sentiment
from gru_sentiment.cli import (
    baseline,
    config,
    data,
    evaluate,
    fuse,
    predict,
    pretrain,
    runs,
    train,
)
from gru_sentiment.machine.environment import set_up_process

app = typer.Typer(
    name="gru-sent",
    help="Train, evaluate and use small recurrent sentiment classifiers.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("train")(train.train)
app.command("pretrain")(pretrain.pretrain)
app.command("reproduce")(train.reproduce)
app.command("baseline")(baseline.baseline)
app.command("fuse")(fuse.fuse)
app.command("evaluate")(evaluate.evaluate)
app.command("predict")(predict.predict)
app.command("runs")(runs.runs)
app.command("compare")(runs.compare)
app.add_typer(config.app, name="config")
app.add_typer(data.app, name="data")


@app.callback(invoke_without_command=True)
def options(
    version: bool = typer.Option(False, "--version", help="Print the version and exit."),
) -> None:
    """Train, evaluate and use small recurrent sentiment classifiers."""
    if version:
        print(gru_sentiment.__version__)
        raise typer.Exit


def main() -> None:
    """Entry point. A reader that closes the pipe early ends the program quietly."""
    set_up_process()
    try:
        app()
    except SystemExit as error:
        # Typer and rich catch the error themselves and end with 1
        if not isinstance(error.__context__, BrokenPipeError):
            raise
        # nobody reads any more: keep the interpreter from complaining while it flushes
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
