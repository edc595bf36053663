"""Provenance of a run: versions, commit, machine, time and memory."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import platform
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import gru_sentiment

PACKAGES = ("torch", "spacy", "datasets", "numpy", "safetensors")


def provenance() -> dict[str, Any]:
    """Versions, commit and machine, as metadata.json stores them."""
    return {
        "gru_sentiment": gru_sentiment.__version__,
        "commit": commit(),
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in PACKAGES},
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
    }


class Stopwatch:
    """Measures when a run was started and how long it takes."""

    def __init__(self) -> None:
        self._begun, self._started_at = time.perf_counter(), datetime.now(UTC)
        self._startup: dict[str, float] = {}
        self._earlier_s = 0.0

    def ready(self, earlier_s: float) -> None:
        """Note that the training begins. `earlier_s` are the seconds before it was resumed."""
        self._startup = {"startup_s": time.perf_counter() - self._begun}
        self._earlier_s = earlier_s

    def metadata(self) -> dict[str, Any]:
        """Times and memory until now, as metadata.json stores them."""
        return {
            "started_at": self._started_at.isoformat(timespec="seconds"),
            **self._startup,
            "total_s": self._earlier_s + time.perf_counter() - self._begun,
            "peak_memory_mib": peak_memory_mib(),
        }


def fingerprint(text: str) -> str:
    """SHA-256 of a text, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def commit() -> str | None:
    """The commit of the checkout that this package runs from; None if it is installed."""
    root = Path(gru_sentiment.__file__).resolve().parents[1]
    if not (root / ".git").exists():
        return None
    try:
        head = subprocess.run(
            ["git", "-C", str(root), "rev-parse", "HEAD"],
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return head.stdout.strip()


def peak_memory_mib() -> float | None:
    """The peak memory of this process so far, in MiB; None on Windows."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
