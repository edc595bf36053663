"""Load a trained run for predictions with torch and spaCy: on any device, and any run."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

from gru_sentiment.builders.corpus import build_tokenizer
from gru_sentiment.builders.device import build_device
from gru_sentiment.data.tokenizer import Tokenizer
from gru_sentiment.data.tokens import TokenizedTexts
from gru_sentiment.inference.classifier import Classifier
from gru_sentiment.inference.reader import LoadedRun
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
    tokenize = _OneAtATime(build_tokenizer(run.config.text))
    return Classifier(LoadedRun(run, tokenize, predicts_when_forked=False))


class _OneAtATime:
    """spaCy keeps new strings in a table that threads must not change at once."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer, self._lock = tokenizer, threading.Lock()

    def __call__(self, texts: Sequence[str]) -> TokenizedTexts:
        with self._lock:
            return self._tokenizer.many(texts)

    def __reduce__(self) -> tuple[type[_OneAtATime], tuple[Tokenizer]]:
        return _OneAtATime, (self._tokenizer,)
