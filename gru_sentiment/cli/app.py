"""`gru-sent` and its commands. It loads neither torch nor spaCy; the commands do when they run."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Annotated

import typer

import gru_sentiment
from gru_sentiment.cli import (
    baseline,
    config,
    data,
    evaluate,
    export,
    fuse,
    init,
    predict,
    pretrain,
    runs,
    train,
)
from gru_sentiment.cli.arguments import Command
from gru_sentiment.cli.errors import USER_ERROR
from gru_sentiment.cli.examples import epilog
from gru_sentiment.cli.streams import set_up_streams
from gru_sentiment.errors import UserError
from gru_sentiment.machine.environment import set_up_process

app = typer.Typer(
    name="gru-sent",
    help="Train, evaluate and use small recurrent sentiment classifiers.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
COMMANDS: dict[str, Callable[..., None]] = {
    "init": init.init,
    "train": train.train,
    "pretrain": pretrain.pretrain,
    "reproduce": train.reproduce,
    "baseline": baseline.baseline,
    "fuse": fuse.fuse,
    "evaluate": evaluate.evaluate,
    "predict": predict.predict,
    "export": export.export,
    "runs": runs.runs,
    "compare": runs.compare,
}
for name, function in COMMANDS.items():
    app.command(name, cls=Command, epilog=epilog(name))(function)
app.add_typer(config.app, name="config")
app.add_typer(data.app, name="data")


@app.callback(invoke_without_command=True)
def options(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
    verbose: Annotated[
        bool,
        typer.Option(
            "--verbose",
            help="With --version, also print the versions of Python and torch, and how models "
            "compute on this processor.",
        ),
    ] = False,
) -> None:
    """Train, evaluate and use small recurrent sentiment classifiers."""
    if verbose and not version:
        raise typer.BadParameter("--verbose: is for --version alone")
    if not version:
        return
    if verbose:
        from gru_sentiment.recipes import versions as recipe

        for name, value in recipe.versions().items():
            print(f"{name}: {value}")
    else:
        print(gru_sentiment.__version__)
    raise typer.Exit


def main() -> None:
    """Run the program, on whatever its standard streams are."""
    set_up_process()
    set_up_streams()
    try:
        try:
            app()
        finally:
            sys.stdout.flush()
    except UserError as error:
        # the help, or the rest of a report, cannot be written
        print(f"error: {error}", file=sys.stderr)
        sys.exit(USER_ERROR)
