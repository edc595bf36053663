"""Whole processes: their wall time and the most memory they held.

A child's peak memory, as the system counts it, includes that of the process which started it. So a
small process stands between: this file, run as a program. It reads what to run from its standard
input, and needs nothing but the standard library.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

SHOWN = 2_000
"""Characters of a failed process's messages."""


@dataclass(frozen=True)
class Process:
    """A process that has ended."""

    seconds: float
    peak_mib: float
    """Of the process or of the largest one that it started."""
    returncode: int
    output: str
    errors: str


def run_process(
    command: Sequence[str | Path],
    *,
    folder: Path,
    environment: Mapping[str, str | Path] | None = None,
) -> Process:
    """Run a command in `folder`, with `environment` added to this one.

    Raises:
        RuntimeError: it did not end with exit code 0.
    """
    request = {
        "command": [str(part) for part in command],
        "folder": str(folder),
        "environment": {key: str(value) for key, value in (environment or {}).items()},
    }
    done = subprocess.run(
        [sys.executable, "-I", __file__],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        check=True,
    )
    process = Process(**json.loads(done.stdout))
    if process.returncode:
        shown = " ".join(request["command"])
        raise RuntimeError(f"{shown}: exit code {process.returncode}\n{process.errors[-SHOWN:]}")
    return process


def _launch(command: list[str], folder: str, environment: dict[str, str]) -> Process:
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        started = time.perf_counter()
        child = subprocess.Popen(
            command,
            cwd=folder,
            env=os.environ | environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
        )
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        return Process(
            seconds=seconds,
            peak_mib=usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10),
            returncode=child.returncode,
            output=output.read().decode("utf-8", "replace"),
            errors=errors.read().decode("utf-8", "replace"),
        )


if __name__ == "__main__":
    print(json.dumps(asdict(_launch(**json.load(sys.stdin)))))
