"""When a case holds."""

from __future__ import annotations

from typing import Any

import pytest

from gru_sentiment.results.predictions import Label, Prediction
from gru_sentiment.suites.cases import Case


def answer(positive: float, names: tuple[Label, Label] = ("negative", "positive")) -> Prediction:
    probabilities = {str(names[0]): 1 - positive, str(names[1]): positive}
    label = names[1] if positive > 0.5 else names[0]
    return Prediction(label, probabilities, tokens=3, unknown_tokens=0, truncated=False)


@pytest.mark.parametrize(
    ("expect", "label", "positives", "holds"),
    [
        ("label", "positive", [0.6], True),
        ("label", "positive", [0.4], False),
        ("label", "positive", [0.6, 0.4], False),
        ("label", "negative", [0.1, 0.2], True),
        ("pair", "positive", [0.3, 0.2], True),
        ("pair", "positive", [0.9, 0.95], False),
        ("pair", "positive", [0.5, 0.5], False),
        ("pair", "positive", [0.50000003, 0.5], False),  # rounding
        ("pair", "negative", [0.2, 0.3], True),
        ("same", None, [0.6, 0.9], True),
        ("same", None, [0.1, 0.2, 0.3], True),
        ("same", None, [0.1, 0.2, 0.7], False),
    ],
)
def test_holds(expect: Any, label: str | None, positives: list[float], holds: bool) -> None:
    case = Case(expect, tuple("abc"[: len(positives)]), label)
    assert case.holds([answer(p) for p in positives]) is holds


def test_integer_classes_are_meant_by_their_names() -> None:
    numbers = answer(0.8, (0, 1))
    assert Case("label", ("a",), "1").holds([numbers])
    assert Case("label", ("a",), 1).holds([numbers])
    assert Case("pair", ("a", "b"), 1).holds([numbers, answer(0.7, (0, 1))])


@pytest.mark.parametrize(
    ("case", "words"),
    [
        (Case("label", ("a",), "negative"), "negative"),
        (Case("pair", ("a", "b"), "positive"), "more positive first"),
        (Case("same", ("a", "b")), "the same class"),
    ],
)
def test_the_expectation_in_words(case: Case, words: str) -> None:
    assert case.expected == words
