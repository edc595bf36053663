"""Gates and comparisons in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gru_sentiment.reporting.numbers import interval, score
from gru_sentiment.reporting.wording import (
    comparison_lines,
    demand,
    failure,
    outcome,
    threshold_line,
    verdict,
)
from gru_sentiment.results.evaluation import Evaluation, GateResult

FLOOR = GateResult("f1.good", "floor", 0.88, None, 0.87126, 0.85, 0.89014, False)
CEILING = GateResult("loss", "ceiling", 0.3, "upper", 0.29, 0.27, 0.31, False)


@pytest.mark.parametrize(
    ("gate", "words"),
    [
        (FLOOR, "f1.good >= 0.88"),
        (CEILING, "upper end of loss <= 0.3"),
        (replace(FLOOR, end="lower", bound=1.0), "lower end of f1.good >= 1"),
    ],
)
def test_what_a_gate_asks_for(gate: GateResult, words: str) -> None:
    assert demand(gate) == words


def test_a_failure_has_value_bound_and_interval_in_a_line() -> None:
    assert failure(FLOOR) == (
        "f1.good 0.87126 (95 % interval 0.8500 to 0.8901) below its floor 0.88"
    )
    assert failure(CEILING) == (
        "loss 0.29 (95 % interval 0.2700 to 0.3100), its upper end above its ceiling 0.3"
    )


def test_a_value_near_its_bound_keeps_its_digits() -> None:
    assert outcome(replace(FLOOR, value=0.879996)).startswith("0.879996 ")


def test_numbers_that_there_are_not() -> None:
    assert (score(None), interval(None, None)) == ("n/a", "n/a")


def test_how_many_failed(evaluation: Evaluation) -> None:
    assert verdict(evaluation) == "2 gates, 1 failed"
    assert verdict(replace(evaluation, gates=evaluation.gates[1:])) == "1 gate, all met"


def test_a_comparison_in_sentences(evaluation: Evaluation) -> None:
    assert evaluation.against is not None
    assert comparison_lines(evaluation.against) == [
        "against runs/lstm (accuracy 0.9000) on the same 2,000 rows: difference +0.0100, "
        "95 % interval +0.0040 to +0.0160",
        "30 rows fixed, 10 broken; McNemar's exact test: p = 0.00222",
    ]


def test_a_threshold_says_how_to_use_it(evaluation: Evaluation) -> None:
    assert evaluation.threshold is not None
    assert threshold_line(evaluation.threshold) == (
        "threshold 0.62 for good, by precision=0.9 on the validation split: "
        "gru-sent predict --threshold 0.62"
    )
