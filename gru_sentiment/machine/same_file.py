"""Which file a path or a stream is, by whatever name or redirection it is reached."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

Place = Path | IO[Any]
"""A path, or an open stream such as the standard output."""


def input_at(output: Place, inputs: Mapping[str, Sequence[Place]]) -> str | None:
    """The name of the first input that an output is, or None.

    Hard and symbolic links, `/dev/stdin` and a redirected stream are the file that they lead to.
    Pipes, terminals and `/dev/null` are no files: they may be input and output.

    Args:
        output: where a command is going to write.
        inputs: what it reads, by a name for the message; a folder stands for all files in it.
    """
    own = _identity(output)
    if own is None:
        return None
    return next(
        (name for name, places in inputs.items() if own in _identities(places)),
        None,
    )


def inputs_inside(folder: Path, inputs: Mapping[str, Sequence[Place]]) -> str | None:
    """The name of the first input that is a folder or lies in it, or None."""
    home = _resolved(folder)
    for name, places in inputs.items():
        for place in places:
            if isinstance(place, Path) and _resolved(place).is_relative_to(home):
                return name
    return None


def _identities(places: Sequence[Place]) -> Iterator[tuple[int, int]]:
    for place in places:
        files = place.rglob("*") if isinstance(place, Path) and place.is_dir() else [place]
        for file in files:
            identity = _identity(file)
            if identity is not None:
                yield identity


def _identity(place: Place) -> tuple[int, int] | None:
    """Device and inode of a file; None for what is none or is not there."""
    # a stream of a test has no descriptor, and a path may be one that the system refuses
    with suppress(OSError, ValueError):
        found = os.stat(place if isinstance(place, Path) else place.fileno())
        if stat.S_ISREG(found.st_mode):
            return found.st_dev, found.st_ino
    return None


def _resolved(path: Path) -> Path:
    with suppress(OSError, ValueError, RuntimeError):
        return path.resolve()
    return path
