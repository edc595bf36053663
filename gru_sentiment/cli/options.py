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
