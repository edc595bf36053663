"""Bounds as the command line takes them, and what they make of what was measured."""

from __future__ import annotations

import pytest

from gru_sentiment.errors import ConfigError, DataError
from gru_sentiment.results.evaluation import PairedComparison
from gru_sentiment.results.metrics import MeasuredMetric
from gru_sentiment.scores.gates import (
    Gate,
    Gates,
    parse_ceiling,
    parse_floor,
    parse_regression,
)

MEASURED = MeasuredMetric("accuracy", 0.9, 0.88, 0.92)


@pytest.mark.parametrize(
    ("text", "gate"),
    [
        ("accuracy=0.9", Gate("accuracy", 0.9)),
        ("accuracy=0.9@lower", Gate("accuracy", 0.9, end="lower")),
        ("f1.negative=.88", Gate("f1.negative", 0.88)),
        ("mcc=-1e-1", Gate("mcc", -0.1)),
        ("f1.a=b@c=1", Gate("f1.a=b@c", 1.0)),
        ("recall.1.5=0", Gate("recall.1.5", 0.0)),
    ],
)
def test_floors(text: str, gate: Gate) -> None:
    assert parse_floor(text) == gate


def test_ceilings() -> None:
    assert parse_ceiling("loss=0.3") == Gate("loss", 0.3, "ceiling")
    assert parse_ceiling("ece=0.05@upper") == Gate("ece", 0.05, "ceiling", "upper")


@pytest.mark.parametrize("text", ["accuracy", "=0.9", "0.9", ""])
def test_a_bound_without_a_metric(text: str) -> None:
    with pytest.raises(
        ConfigError, match=f"^--fail-under {text}: expected METRIC=NUMBER"
    ) as caught:
        parse_floor(text)
    assert "such as accuracy=0.9" in caught.value.hint
    with pytest.raises(ConfigError, match=r"^--fail-over"):
        parse_ceiling(text)


@pytest.mark.parametrize(
    "bound", ["", "high", "nan", "inf", "0.9@", "0.9@upper", "0.9@low", "@lower"]
)
def test_a_bound_that_is_no_number(bound: str) -> None:
    with pytest.raises(ConfigError, match=f"accuracy={bound}: expected a number.*@lower"):
        parse_floor(f"accuracy={bound}")


@pytest.mark.parametrize("metric", ["loss", "brier", "ece"])
def test_a_floor_for_what_should_be_low(metric: str) -> None:
    with pytest.raises(ConfigError, match=f"{metric} is better the lower it is") as caught:
        parse_floor(f"{metric}=0.3@lower")
    assert f"--fail-over {metric}=0.3" in caught.value.hint


def test_a_ceiling_for_what_should_be_high() -> None:
    with pytest.raises(ConfigError, match="a ceiling is for loss, brier, ece") as caught:
        parse_ceiling("f1.good=0.9")
    assert "--fail-under f1.good=0.9" in caught.value.hint


def test_a_regression_is_a_floor_for_the_difference() -> None:
    assert parse_regression("0.005") == Gate("difference", -0.005)
    assert parse_regression("0.005@lower") == Gate("difference", -0.005, end="lower")
    assert str(parse_regression("0").bound) == "0.0"
    for text in ("-0.1", "x", "", "0.1@upper", "nan"):
        with pytest.raises(ConfigError, match=f"^--max-regression {text}: "):
            parse_regression(text)


def test_a_metric_that_there_is_not() -> None:
    known = ["accuracy", "f1.negative", "f1.positive"]
    Gates([Gate("accuracy", 1), Gate("f1.negative", 1)]).check_names(known)
    with pytest.raises(ConfigError, match=r"'f1.negativ'; did you mean f1.negative\?") as caught:
        Gates([Gate("accuracy", 1), Gate("f1.negativ", 1)]).check_names(known)
    assert caught.value.hint == "metrics: accuracy, f1.negative, f1.positive"
    with pytest.raises(ConfigError, match="no metric 'xyz'\n"):
        Gates([Gate("xyz", 1)]).check_names(known)


@pytest.mark.parametrize(
    ("gate", "passed"),
    [
        (Gate("accuracy", 0.9), True),
        (Gate("accuracy", 0.9000001), False),
        (Gate("accuracy", 0.88, end="lower"), True),
        (Gate("accuracy", 0.89, end="lower"), False),
        (Gate("accuracy", 0.9, "ceiling"), True),
        (Gate("accuracy", 0.89, "ceiling"), False),
        (Gate("accuracy", 0.91, "ceiling", "upper"), False),
        (Gate("accuracy", 0.92, "ceiling", "upper"), True),
    ],
)
def test_the_value_or_an_end_is_held_against_the_bound(gate: Gate, passed: bool) -> None:
    (found,) = Gates([gate]).judge({"accuracy": MEASURED})
    assert found.passed is passed
    assert (found.metric, found.bound, found.kind, found.end) == (
        "accuracy",
        gate.bound,
        gate.kind,
        gate.end,
    )
    assert (found.value, found.low, found.high) == (0.9, 0.88, 0.92)


def test_gates_keep_their_order_and_may_share_a_metric() -> None:
    gates = Gates([Gate("b", 1), Gate("a", 0), Gate("b", 0)])
    assert gates.metrics == ["b", "a", "b"]
    found = gates.judge({name: MeasuredMetric(name, 0.5, None, None) for name in "ab"})
    assert [(gate.metric, gate.passed) for gate in found] == [
        ("b", False),
        ("a", True),
        ("b", True),
    ]


@pytest.mark.parametrize(
    ("gate", "measured"),
    [
        (Gate("roc_auc", 0.9), MeasuredMetric("roc_auc", None, None, None)),
        (Gate("roc_auc", 0.9, end="lower"), MeasuredMetric("roc_auc", 1.0, None, None)),
    ],
)
def test_what_cannot_be_computed_is_not_judged(gate: Gate, measured: MeasuredMetric) -> None:
    with pytest.raises(DataError, match=r"^roc_auc cannot be computed") as caught:
        gate.judge(measured)
    assert "add rows of every class" in caught.value.hint


def test_the_gates_of_a_command_line() -> None:
    gates = Gates.parse(fail_under=["accuracy=0.9"], fail_over=["loss=0.3"])
    assert gates == Gates([Gate("accuracy", 0.9), Gate("loss", 0.3, "ceiling")])
    with pytest.raises(ConfigError, match="nothing to compare with") as caught:
        Gates.parse(max_regression="0.01")
    assert "--against" in caught.value.hint


def test_a_regression_is_judged_last_by_the_difference_in_accuracy() -> None:
    gates = Gates.parse(fail_under=["accuracy=0.9"], max_regression="0.01", compared=True)
    assert gates.metrics == ["accuracy"]
    worse = PairedComparison(100, -0.02, -0.05, 0.01, 0.5, fixed=1, broken=3)
    first, last = gates.judge({"accuracy": MEASURED}, worse)
    assert (first.metric, first.passed) == ("accuracy", True)
    assert (last.metric, last.value, last.low, last.high) == ("difference", -0.02, -0.05, 0.01)
    assert (last.bound, last.passed) == (-0.01, False)


@pytest.mark.parametrize(
    ("text", "cause", "hint"),
    [
        ("accuracy=90", "accuracy is between 0 and 1", "did you mean accuracy=0.90?"),
        ("f1.bad=87.5", "f1.bad is between 0 and 1", "did you mean f1.bad=0.875?"),
        ("accuracy=90@lower", "accuracy is between 0 and 1", "did you mean accuracy=0.90@lower?"),
        ("suite.typos=80", "suite.typos is between 0 and 1", "did you mean suite.typos=0.80?"),
        ("mcc=40", "mcc is between -1 and 1", "did you mean mcc=0.40?"),
        ("accuracy=-0.1", "accuracy is between 0 and 1", ""),
        ("accuracy=101", "accuracy is between 0 and 1", ""),
    ],
)
def test_a_floor_that_no_score_reaches_or_misses(text: str, cause: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_floor(text)
    assert (caught.value.cause, caught.value.hint) == (f"--fail-under {text}: {cause}", hint)


def test_ceilings_have_ranges_too() -> None:
    with pytest.raises(ConfigError, match="--fail-over ece=5: ece is between 0 and 1") as caught:
        parse_ceiling("ece=5")
    assert caught.value.hint == "did you mean ece=0.05?"
    with pytest.raises(ConfigError, match="--fail-over loss=-1: loss is 0 or more"):
        parse_ceiling("loss=-1")
    assert parse_ceiling("loss=3").bound == 3
    with pytest.raises(ConfigError, match="--max-regression 5: accuracy is between 0 and 1"):
        parse_regression("5")
