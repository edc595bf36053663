"""Predictions as the command line makes them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import gru_sentiment
from gru_sentiment.recipes import load_with_torch
from gru_sentiment.results.predictions import LIKELIEST, Decision, Prediction


def predict(
    texts: Sequence[str], path: Path | None, *, decision: Decision = LIKELIEST
) -> list[Prediction]:
    """With the latest run, where none is named."""
    return gru_sentiment.load(path).predict(
        texts,
        threshold=decision.threshold,
        abstain=decision.abstain,
        undecided=decision.undecided,
    )


def predict_with_torch(texts: Sequence[str], path: Path | None) -> list[Prediction]:
    """The same with torch and spaCy."""
    return load_with_torch.load(path, device="cpu").predict(texts)
