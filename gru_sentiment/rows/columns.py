"""The columns of an output and their values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from gru_sentiment.results.predictions import Prediction
from gru_sentiment.rows.row import ScoredRow

NUMBER, LABEL, PROBABILITIES, ERROR = "row", "label", "probabilities", "error"
FACTS = ("tokens", "unknown_share", "truncated")
"""What the prediction rests on."""


def prediction_columns(classes: Sequence[str]) -> list[str]:
    """Names of the columns after the row's number and the copied columns."""
    return [LABEL, *(f"probability_{name}" for name in classes), *FACTS, ERROR]


def prediction_values(scored: ScoredRow, classes: Sequence[str]) -> list[Any]:
    """Values in the order of `prediction_columns`; None where a row has none."""
    prediction = scored.prediction
    if prediction is None:
        return [None] * (1 + len(classes) + len(FACTS)) + [scored.row.error]
    probabilities = (prediction.probabilities[name] for name in classes)
    return [prediction.label, *probabilities, *facts(prediction), None]


def facts(prediction: Prediction) -> list[Any]:
    """Tokens read, the share of them that is unknown, and whether the text was truncated.

    In the order of `FACTS`.
    """
    return [prediction.tokens, prediction.unknown_share, prediction.truncated]


def kept_names(names: Iterable[str], taken: Iterable[str]) -> list[str]:
    """Names of copied columns: one that is `taken` by another column gets `input_` before it."""
    names, reserved = list(names), {NUMBER, *taken}
    used, kept = {*reserved, *names}, []
    for name in names:
        new = name
        if name in reserved:
            while new in used:
                new = f"input_{new}"
            used.add(new)
        kept.append(new)
    return kept
