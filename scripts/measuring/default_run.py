"""The default model, trained as a user does it: one process, nothing cached."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from measuring.processes import Process, run_process
from measuring.settings import CONFIGS, Settings

CONFIG = CONFIGS / "gru.yaml"
PROGRAM = Path(sys.executable).with_name("gru-sent")


@dataclass(frozen=True)
class Training:
    """A finished run and the process that made it."""

    path: Path
    process: Process

    @property
    def metadata(self) -> dict[str, Any]:
        """metadata.json of the run."""
        found: dict[str, Any] = json.loads((self.path / "metadata.json").read_text("utf-8"))
        return found

    @property
    def validation_accuracy(self) -> float:
        """Of the best epoch."""
        scores = json.loads((self.path / "metrics.json").read_text("utf-8"))
        return float(scores["validation"]["accuracy"])


def train(settings: Settings, path: Path, overrides: Sequence[str] = ()) -> Training:
    """Train the network of configs/gru.yaml into `path`, in place of what is there.

    The n-gram model beside it is left out; the cache is empty.
    """
    overrides = ["model.ngrams=false", *overrides]
    flags = [part for override in overrides for part in ("--set", override)]
    threads = ["--threads", str(settings.threads)]
    with tempfile.TemporaryDirectory(dir=settings.work) as cache:
        process = run_process(
            [PROGRAM, "train", "--config", CONFIG, "--output", path, "--force", *threads, *flags],
            folder=settings.work,
            environment={"GRU_SENT_CACHE": cache},
        )
    return Training(path, process)
