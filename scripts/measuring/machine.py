"""Where and when a benchmark ran."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from gru_sentiment.machine.provenance import commit

PACKAGES = ("torch", "numpy", "spacy", "datasets", "torchtext", "scikit-learn", "numba")
FASTTEXT = ("fasttext-numpy2-wheel", "fasttext-numpy2", "fasttext-community", "fasttext")
"""Distributions that bring the module `fasttext`."""


def machine() -> dict[str, Any]:
    """Processor, cores, memory, versions, threads, time, and how busy the machine is already."""
    return {
        "started_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "load_average": [round(load, 2) for load in os.getloadavg()],
        "processor": _processor(),
        "cores": _cores(),
        "memory_gib": round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "threads": torch.get_num_threads(),
        "gomp_spincount": os.environ.get("GOMP_SPINCOUNT"),
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in (*PACKAGES, *FASTTEXT) if _version(name)},
        "commit": commit(),
    }


def summary(facts: dict[str, Any]) -> str:
    """The machine in one sentence, for the Markdown report."""
    load = ", ".join(f"{value:.2f}" for value in facts["load_average"])
    packages = ", ".join(f"{name} {version}" for name, version in facts["packages"].items())
    return (
        f"{facts['processor']}, {facts['cores']} cores, {facts['memory_gib']} GiB, "
        f"{facts['system']}; {facts['threads']} threads; Python {facts['python']}, {packages}; "
        f"{facts['started_at']}, load average at the start {load}."
    )


def _processor() -> str:
    described = Path("/proc/cpuinfo")
    lines = described.read_text("utf-8").splitlines() if described.is_file() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
