"""Predict the classes of texts with a trained run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from gru_sentiment.builders.corpus import build_tokenizer
from gru_sentiment.builders.device import build_device
from gru_sentiment.errors import DataError
from gru_sentiment.machine.torch_setup import set_up_torch
from gru_sentiment.postprocess.criterion import check_threshold
from gru_sentiment.results.predictions import Prediction
from gru_sentiment.trained.reader import load_run


def predict(
    texts: Sequence[str],
    path: Path | None,
    *,
    threshold: float | None = None,
    device: str = "auto",
    threads: int | None = None,
) -> list[Prediction]:
    """A prediction for every text, in order.

    Args:
        texts: any number.
        path: a run folder; by default the latest run.
        threshold: the second of two classes is predicted where its probability is at least this;
            by default the likelier class is.
        device: `auto`, `cpu` or `cuda`.
        threads: number of CPU threads; by default one a core.

    Raises:
        ArtifactError: there is no such run, or it cannot be read.
        ConfigError: a threshold that is not between 0 and 1, or for a run without two classes.
        DataError: a text that is not valid Unicode.
    """
    if not texts:
        return []
    for text in texts:
        _check_unicode(text)
    set_up_torch(threads)
    run = load_run(path, build_device(device))
    if threshold is not None:
        check_threshold(threshold, run.labels.names)
    tokenized = build_tokenizer(run.config.text).many(texts)
    predicted = run.predict(tokenized, np.arange(len(tokenized), dtype=np.int64))
    return predicted.predictions(run.labels, threshold)


def _check_unicode(text: str) -> None:
    # bytes from the shell that are not UTF-8, and half a surrogate pair
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise DataError(
            f"the text is not UTF-8 at character {error.start + 1}",
            hint="check the terminal's encoding, or convert the text",
        ) from error
