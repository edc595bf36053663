"""The console that reports are printed on."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

PIPE_WIDTH = 200
"""Columns where there is no terminal: so wide that no line which a program reads is wrapped."""


def console() -> Console:
    """Standard output, as wide as the terminal."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else PIPE_WIDTH)


ASKS_RICH = ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE")
"""Environment variables by which rich decides what a terminal is."""
NARROW = 80
"""Columns of a terminal that tells nothing."""
BLOCK = "\N{FULL BLOCK}"
"""Of a bar."""


def is_terminal() -> bool:
    """Whether reports are for a terminal."""
    if any(name in os.environ for name in ASKS_RICH):
        return console().is_terminal
    return sys.stdout.isatty()


def print_lines(lines: Sequence[str]) -> None:
    """Print lines as `console` would. Where none must be wrapped, rich is not loaded for it."""
    width = min(NARROW, shutil.get_terminal_size().columns) if is_terminal() else PIPE_WIDTH
    plain = [line.replace(BLOCK, "-") for line in lines]
    if all(len(line) < width and line.isascii() and line.isprintable() for line in plain):
        print("\n".join(lines))
        return
    from rich.console import Group
    from rich.text import Text

    console().print(Group(*map(Text, lines)))
