"""The console that reports are printed on."""

from __future__ import annotations

import sys

from rich.console import Console

PIPE_WIDTH = 200
"""Columns where there is no terminal: so wide that no line which a program reads is wrapped."""


def console() -> Console:
    """Standard output, as wide as the terminal."""
    return Console(width=None if sys.stdout.isatty() else PIPE_WIDTH)
