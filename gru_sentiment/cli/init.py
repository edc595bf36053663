"""`gru-sent init`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gru_sentiment.cli.errors import command
from gru_sentiment.cli.options import (
    Debug,
    Delimiter,
    Encoding,
    Quiet,
    Quoting,
    QuotingOption,
)
from gru_sentiment.cli.outputs import check_outputs, write_outputs
from gru_sentiment.cli.streams import on_terminal
from gru_sentiment.errors import ConfigError, UnclearColumnError
from gru_sentiment.reporting.console import console
from gru_sentiment.reporting.survey import survey_report

if TYPE_CHECKING:
    from gru_sentiment.results.survey import Survey

STREAM = Path("-")
"""Names the standard output."""
TextColumn = Annotated[
    str | None,
    typer.Option("--text-column", metavar="NAME", help="The texts stand in this column."),
]
LabelColumn = Annotated[
    str | None,
    typer.Option("--label-column", metavar="NAME", help="The labels stand in this column."),
]
Language = Annotated[
    str | None,
    typer.Option(
        "--language", metavar="CODE", help="The texts are in this language, such as en or de."
    ),
]


def init(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="Look at this file of labelled texts.")
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="CONFIG|-",
            help="Write the config here, or to the standard output (-); by default into the "
            "current folder, with the name of FILE.",
        ),
    ] = None,
    text_column: TextColumn = None,
    label_column: LabelColumn = None,
    language: Language = None,
    delimiter: Delimiter = None,
    quoting: QuotingOption = Quoting.auto,
    encoding: Encoding = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace the config if it exists.")
    ] = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Look at your file, and write a config to train on it."""
    with command(debug=debug, quiet=quiet):
        target = output or Path(f"{file.name.split('.')[0]}.yaml")
        printed = target == STREAM
        if target.exists() and not (printed or force):
            raise ConfigError(
                f"{target}: is there already", hint="choose another --output, or add --force"
            )
        check_outputs({"--output": None if printed else target}, {"FILE": [file]})

        from gru_sentiment.recipes import init as recipe

        found = survey_of(
            file,
            texts=text_column,
            labels=label_column,
            language=language,
            dialect={"delimiter": delimiter, "quoting": str(quoting), "encoding": encoding},
        )
        text = recipe.config_text(found, target.parent)
        if printed:
            print(text, end="")
            return
        write_outputs({"--output": (target, text)})
        if not quiet:
            console().print(survey_report(found))
        print(f"config: {target}\nnext: gru-sent train --config {target}")


def survey_of(
    file: Path,
    *,
    texts: str | None,
    labels: str | None,
    language: str | None,
    dialect: dict[str, str | None],
) -> Survey:
    """What a file holds; on a terminal the user is asked where several columns may be meant.

    Raises:
        DataError: the file cannot be read, or cannot be trained on.
    """
    from gru_sentiment.recipes import init as recipe

    try:
        return recipe.survey(file, texts=texts, labels=labels, language=language, dialect=dialect)
    except UnclearColumnError as error:
        if not on_terminal(sys.stdin) or not on_terminal(sys.stderr):
            raise
        print(error.cause, file=sys.stderr)
        labels = typer.prompt("which one", value_proc=_one_of(error.candidates), err=True)
        return recipe.survey(file, texts=texts, labels=labels, language=language, dialect=dialect)


def _one_of(names: list[str]) -> Callable[[str], str]:
    def checked(name: str) -> str:
        if name not in names:
            raise typer.BadParameter(f"one of {', '.join(names)}")
        return name

    return checked
