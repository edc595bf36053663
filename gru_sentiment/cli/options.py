"""Options that several commands share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

ROWS = "Rows of a file"
"""The title of the options for files in the help."""


class Quoting(StrEnum):
    """Whether values of a delimited file may stand in quotes."""

    auto = "auto"
    double = "double"
    none = "none"


class Device(StrEnum):
    """Where to compute."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"


def keys_beginning_with(incomplete: str) -> list[str]:
    """The keys of the config that complete a word, with the = behind them."""
    from gru_sentiment.config.problems import dotted_keys

    return [f"{key}=" for key in dotted_keys() if key.startswith(incomplete)]


ConfigFile = Annotated[
    Path,
    typer.Option("--config", "-c", metavar="FILE", help="Read the settings from this YAML config."),
]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Change one setting of the config, such as model.cell=lstm. May be repeated.",
        autocompletion=keys_beginning_with,
    ),
]
Delimiter = Annotated[
    str | None,
    typer.Option(
        "--delimiter",
        metavar="CHARACTER",
        rich_help_panel=ROWS,
        help="Separate the values of a csv or tsv file at this character; tab is a tab.",
    ),
]
QuotingOption = Annotated[
    Quoting,
    typer.Option(
        "--quoting",
        rich_help_panel=ROWS,
        help="Read quotes of a csv or tsv file as characters (none), or as what values stand in "
        "(double). auto is none for tsv.",
    ),
]
Encoding = Annotated[
    str | None,
    typer.Option(
        "--encoding",
        metavar="NAME",
        rich_help_panel=ROWS,
        help="Read a text file in this encoding, such as latin-1 or cp1252. By default its byte "
        "order mark tells, else it is UTF-8.",
    ),
]
DeviceOption = Annotated[
    Device, typer.Option("--device", help="Compute on this device; auto uses CUDA if there is any.")
]
DeviceOverride = Annotated[
    Device | None,
    typer.Option("--device", help="Compute on this device, not on the config's run.device."),
]
Threads = Annotated[
    int | None,
    typer.Option(
        "--threads",
        min=1,
        max=1024,
        metavar="N",
        help="Use this many CPU threads; by default one for each core.",
    ),
]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FOLDER",
        help="Write the run folder here; by default runs/ and the config's name.",
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Replace the run folder if it exists.")]
Resume = Annotated[
    Path | None,
    typer.Option(
        "--resume",
        metavar="RUN",
        help="Resume the training of this run folder, which was interrupted.",
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print the result without progress.")]
Debug = Annotated[bool, typer.Option("--debug", help="Print the traceback of an error.")]
Offline = Annotated[
    bool,
    typer.Option(
        "--offline",
        help="Open no network connection, as with HF_HUB_OFFLINE=1.",
        show_default=False,
    ),
]


def check_resume(
    config: Path | None,
    resume: Path | None,
    *,
    output: Path | None,
    force: bool,
    file: Path | None = None,
    needed: str = "a config to train, --config FILE",
) -> None:
    """Refuse options that contradict each other; `needed` is what the command needs.

    Raises:
        BadParameter: neither a config nor a file nor a run to resume, two of them where there can
            be one, or an option that a run to resume has already decided.
    """
    if file is not None and (config or resume):
        raise typer.BadParameter(
            f"{file} and --{'config' if config else 'resume'}: give one of the two"
        )
    if config is None and resume is None and file is None:
        raise typer.BadParameter(f"give {needed}, or a run to resume, --resume RUN")
    if resume is not None and (output or force):
        raise typer.BadParameter(
            "--resume writes into the folder of the run: leave --output and --force out"
        )


def flags_from(**options: object) -> dict[str, str | int]:
    """Options as settings of the section `run`, by dotted key; None is an option left out."""
    return {
        f"run.{key}": value if isinstance(value, int) else str(value)
        for key, value in options.items()
        if value is not None
    }
