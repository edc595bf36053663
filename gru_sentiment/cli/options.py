"""Options that several commands share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Device(StrEnum):
    """Where to compute."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"


ConfigFile = Annotated[
    Path, typer.Option("--config", "-c", help="YAML config, e.g. configs/gru.yaml.")
]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="Override a key, e.g. --set model.cell=lstm; repeatable."
    ),
]
DeviceOption = Annotated[
    Device, typer.Option("--device", help="auto takes CUDA where there is one.")
]
DeviceOverride = Annotated[
    Device | None, typer.Option("--device", help="Where to compute; the config's by default.")
]
Threads = Annotated[
    int | None, typer.Option("--threads", min=1, help="CPU threads; one a core by default.")
]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", help="Run folder; runs/CONFIG by default.")
]
Force = Annotated[bool, typer.Option("--force", help="Replace an existing run folder.")]
Resume = Annotated[
    Path | None,
    typer.Option("--resume", metavar="RUN", help="Go on with a run that did not finish."),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, only the result.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
Offline = Annotated[
    bool,
    typer.Option(
        "--offline", help="Open no connection; HF_HUB_OFFLINE=1 does the same.", show_default=False
    ),
]


def check_resume(
    config: Path | None, resume: Path | None, *, output: Path | None, force: bool
) -> None:
    """Refuse options that do not go together."""
    if config is None and resume is None:
        raise typer.BadParameter("say what to train: --config FILE, or --resume RUN")
    if resume is not None and (output or force):
        raise typer.BadParameter(
            "--resume goes on in the run's own folder: no --output, no --force"
        )


def flags_from(**given: object) -> dict[str, str | int]:
    """Options as keys of the section `run`, those that were given."""
    return {
        f"run.{key}": value if isinstance(value, int) else str(value)
        for key, value in given.items()
        if value is not None
    }
