"""Predict the classes of texts with a trained run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from gru_sentiment.builders.corpus import build_tokenizer
from gru_sentiment.builders.device import build_device
from gru_sentiment.errors import DataError
from gru_sentiment.machine.torch_setup import set_up_torch
from gru_sentiment.postprocess.criterion import check_decision
from gru_sentiment.results.predictions import LIKELIEST, Decision, Prediction
from gru_sentiment.trained.reader import load_run


def predict(
    texts: Sequence[str],
    path: Path | None,
    *,
    decision: Decision = LIKELIEST,
    device: str = "auto",
    threads: int | None = None,
) -> list[Prediction]:
    """A prediction for every text, in order.

    Args:
        texts: any number.
        path: a run folder; by default the latest run.
        decision: how labels follow from probabilities; by default the likeliest class is one.
        device: `auto`, `cpu` or `cuda`.
        threads: number of CPU threads; by default one a core.

    Raises:
        ArtifactError: there is no such run, or it cannot be read.
        ConfigError: see `check_decision`.
        DataError: a text that is not valid Unicode.
    """
    if not texts:
        return []
    for text in texts:
        _check_unicode(text)
    set_up_torch(threads)
    run = load_run(path, build_device(device))
    check_decision(decision, run.labels.names, label_sets=run.labels.label_sets)
    tokenized = build_tokenizer(run.config.text).many(texts)
    predicted = run.predict(tokenized, np.arange(len(tokenized), dtype=np.int64))
    return predicted.predictions(run.labels, decision)


def _check_unicode(text: str) -> None:
    # bytes from the shell that are not UTF-8, and half a surrogate pair
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise DataError(
            f"the text is not UTF-8 at character {error.start + 1}",
            hint="check the terminal's encoding, or convert the text",
        ) from error
