"""Load a trained run for predictions with torch and spaCy: on any device, and any run."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

from gru_sentiment.builders.corpus import build_tokenizer
from gru_sentiment.builders.device import build_device
from gru_sentiment.data.tokens import TokenizedTexts
from gru_sentiment.inference.classifier import Classifier
from gru_sentiment.machine.torch_setup import set_up_torch
from gru_sentiment.trained.reader import load_run


def load(path: Path | None, *, device: str = "auto", threads: int | None = None) -> Classifier:
    """The run as a classifier.

    Args:
        path: a run folder; by default the latest run.
        device: `auto`, `cpu` or `cuda`.
        threads: number of CPU threads; by default one a core.

    Raises:
        ArtifactError: there is no such run, or it cannot be read.
        DeviceError: there is no such device.
    """
    set_up_torch(threads)
    run = load_run(path, build_device(device))
    tokenizer, lock = build_tokenizer(run.config.text), threading.Lock()

    def tokenize(texts: Sequence[str]) -> TokenizedTexts:
        with lock:  # spaCy keeps new strings in a table that threads must not change at once
            return tokenizer.many(texts)

    return Classifier(run, tokenize)
