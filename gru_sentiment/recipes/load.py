"""Load a trained run for predictions without torch and spaCy."""

from __future__ import annotations

from pathlib import Path

from gru_sentiment.inference.classifier import Classifier
from gru_sentiment.inference.reader import load_run
from gru_sentiment.machine.environment import cores


def load(path: Path | None, *, threads: int | None = None) -> Classifier | None:
    """The run as a classifier; None where it can predict with torch alone.

    Args:
        path: a run folder; by default the latest run.
        threads: CPU threads at most; by default one a core.

    Raises:
        ArtifactError: there is no such run, or it cannot be read.
    """
    loaded = load_run(path, threads or cores())
    return Classifier(loaded) if loaded else None
