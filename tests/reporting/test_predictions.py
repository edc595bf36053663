"""Predictions as a reader sees them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gru_sentiment.reporting.predictions import prediction_lines, scoring_line
from gru_sentiment.results.predictions import FileScoring, Prediction

PREDICTION = Prediction(
    label="positive",
    probabilities={"negative": 0.25, "positive": 0.75},
    tokens=6,
    unknown_tokens=1,
    truncated=False,
)


def test_a_prediction_in_a_pipe_is_one_line() -> None:
    assert prediction_lines(PREDICTION, terminal=False) == ["positive (75.0%)"]


def test_a_prediction_on_a_terminal_has_bars() -> None:
    lines = [line.strip() for line in prediction_lines(PREDICTION, terminal=True)]
    assert lines == [
        "positive (75.0%)",
        "negative  25.0% " + "█" * 8,
        "positive  75.0% " + "█" * 22,
    ]


@pytest.mark.parametrize(
    ("tokens", "unknown", "truncated", "remark"),
    [
        (0, 0, False, "the text holds no token: the prediction says nothing about it"),
        (
            4,
            4,
            False,
            "the model knows no token of the text: the prediction says nothing about it",
        ),
        (4000, 1, True, "the model read 4,000 tokens, without the middle part"),
    ],
)
def test_a_prediction_says_what_it_rests_on(
    tokens: int, unknown: int, truncated: bool, remark: str
) -> None:
    given = replace(PREDICTION, tokens=tokens, unknown_tokens=unknown, truncated=truncated)
    assert prediction_lines(given, terminal=False) == ["positive (75.0%)", remark]


def test_an_integer_class_is_looked_up_by_its_name() -> None:
    given = replace(PREDICTION, label=1, probabilities={"0": 0.1, "1": 0.9})
    assert prediction_lines(given, terminal=False) == ["1 (90.0%)"]


@pytest.mark.parametrize(
    ("scoring", "line"),
    [
        (FileScoring(25_000, 0, 0, None, 40.0), "25,000 rows in 40 s, 625 rows/s"),
        (
            FileScoring(1_001, 1_000, 1, "row 3: not valid JSON", 0.5),
            "1 row in 0 s, 2 rows/s, after 1,000 rows of the interrupted job; 1 bad row, "
            "the first: row 3: not valid JSON",
        ),
        (
            FileScoring(5, 0, 1_200, "row 1: why", 100.0),
            "5 rows in 1 min 40 s, 0 rows/s; 1,200 bad rows, the first: row 1: why",
        ),
    ],
)
def test_a_file_that_was_predicted(scoring: FileScoring, line: str) -> None:
    assert scoring_line(scoring) == line
