"""`gru-sent`. A command is loaded when it is called, and torch and spaCy when it runs."""

from __future__ import annotations

from typing import Annotated

import typer

import gru_sentiment
from gru_sentiment.cli.commands import LazyGroup
from gru_sentiment.cli.main import main

__all__ = ["app", "main"]
app = typer.Typer(
    name="gru-sent",
    cls=LazyGroup,
    help="Train, evaluate and use small recurrent sentiment classifiers.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


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
