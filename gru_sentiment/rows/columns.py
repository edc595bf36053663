"""What an answer is made of, and how its columns are called."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from gru_sentiment.rows.row import Answer

NUMBER, LABEL, PROBABILITIES, ERROR = "row", "label", "probabilities", "error"
FACTS = ("tokens", "unknown_share", "truncated")


def answer_columns(classes: Sequence[str]) -> list[str]:
    """Behind the row's number and the columns that are copied: one a class."""
    return [LABEL, *(f"probability_{name}" for name in classes), *FACTS, ERROR]


def answer_values(answer: Answer, classes: Sequence[str]) -> list[Any]:
    """In the order of `answer_columns`; None for what there is not."""
    found = answer.prediction
    if found is None:
        return [None] * (1 + len(classes) + len(FACTS)) + [answer.row.error]
    return [found.label, *(found.probabilities[name] for name in classes), *facts(answer), None]


def facts(answer: Answer) -> list[Any]:
    """Words read, the share of them that the model does not know, and whether some were not read.

    In the order of `FACTS`.
    """
    found = answer.prediction
    assert found is not None
    return [found.tokens, found.unknown_tokens / max(found.tokens, 1), found.truncated]


def kept_names(names: Iterable[str], taken: Iterable[str]) -> list[str]:
    """Names of copied columns: `input_` before one that an answer's column has."""
    names, reserved = list(names), {NUMBER, *taken}
    used, found = {*reserved, *names}, []
    for name in names:
        new = name
        if name in reserved:
            while new in used:
                new = f"input_{new}"
            used.add(new)
        found.append(new)
    return found
