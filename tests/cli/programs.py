"""The real program in processes of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PROGRAM = str(Path(sys.executable).with_name("gru-sent"))
LIMIT_S = 240


def environment(**changes: str) -> dict[str, str]:
    of_ci = {"CI", "GITHUB_STEP_SUMMARY"}
    return {name: value for name, value in os.environ.items() if name not in of_ci} | changes


def gru_sent(folder: Path, *arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
    """The program in this folder, to its end."""
    return subprocess.run(
        [PROGRAM, *map(str, arguments)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
        **{"env": environment(), **options},
    )


@contextmanager
def started(folder: Path, *arguments: object, **options: Any) -> Iterator[subprocess.Popen[str]]:
    """The program in this folder, in a process group of its own."""
    process = subprocess.Popen(
        [PROGRAM, *map(str, arguments)],
        cwd=folder,
        text=True,
        start_new_session=True,
        **{
            "env": environment(),
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            **options,
        },
    )
    with process:
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
