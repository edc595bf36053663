"""Thresholds against trying all of them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gru_sentiment.errors import ConfigError, DataError
from gru_sentiment.postprocess.criterion import Criterion, check_decision, parse_criterion
from gru_sentiment.postprocess.thresholds import find_threshold, scores_at
from gru_sentiment.results.predictions import Decision

CLASSES = ["negative", "positive"]
# many equal ones, the ends, and neighbours between which there is no third number
PROBABILITIES = st.sampled_from(
    [0.0, 5e-324, 0.1, 0.25, 0.3, 0.5, np.nextafter(0.5, 0), 0.7, 0.99, np.nextafter(1, 0), 1.0]
) | st.floats(0, 1)
ROWS = st.lists(st.tuples(PROBABILITIES, st.integers(0, 1)), min_size=1, max_size=12)
METRICS = ("accuracy", "precision", "recall", "f1")


def plain_scores(rows: list[tuple[float, int]], threshold: float, of: int) -> dict[str, float]:
    """Scores by plain counts."""
    pairs = [(label, int(p >= threshold)) for p, label in rows]
    right = pairs.count((of, of))
    claimed = sum(guess == of for _, guess in pairs)
    true = sum(label == of for label, _ in pairs)
    return {
        "accuracy": sum(label == guess for label, guess in pairs) / len(pairs),
        "precision": right / claimed if claimed else 0,
        "recall": right / true if true else 0,
        "f1": 2 * right / (claimed + true) if claimed + true else 0,
    }


def all_thresholds(rows: list[tuple[float, int]]) -> Iterator[float]:
    """One for every way to divide the rows."""
    for p in (*(p for p, _ in rows), 0.5):
        for t in (p, np.nextafter(p, 1), 5e-324, np.nextafter(1, 0)):
            if 0 < t < 1:
                yield float(t)


def split(rows: list[tuple[float, int]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([p for p, _ in rows], float), np.array([label for _, label in rows])


@given(ROWS, st.sampled_from(METRICS), st.integers(0, 1), st.sampled_from([0.2, 0.5, 0.75, 1]))
@settings(max_examples=300, deadline=None)
def test_no_other_threshold_is_better(
    rows: list[tuple[float, int]], metric: str, of: int, least: float
) -> None:
    assume(any(label == of for _, label in rows))
    other = {"precision": "recall", "recall": "precision"}.get(metric)
    criterion = Criterion("a criterion", metric, of, least if other else None)
    tried = [plain_scores(rows, t, of) for t in all_thresholds(rows)]
    if other and not any(found[metric] >= least for found in tried):
        with pytest.raises(DataError, match=f"reaches {max(f[metric] for f in tried):.6g}"):
            find_threshold(*split(rows), criterion)
        return
    threshold = find_threshold(*split(rows), criterion)
    assert 0 < threshold < 1
    found = plain_scores(rows, threshold, of)
    if other:
        assert found[metric] >= least
        best = max((f[other], f[metric]) for f in tried if f[metric] >= least)
        assert (found[other], found[metric]) == best
    else:
        best_value = max(f[metric] for f in tried)
        assert found[metric] == best_value
        if plain_scores(rows, 0.5, of)[metric] == best_value:
            assert threshold == 0.5


@given(ROWS, st.floats(0.01, 0.99) | PROBABILITIES, st.integers(0, 1))
@settings(deadline=None)
def test_scores_are_those_of_plain_counts(
    rows: list[tuple[float, int]], threshold: float, of: int
) -> None:
    found = scores_at("some", *split(rows), threshold, of)
    assert (found.data, found.threshold) == ("some", threshold)
    expected = plain_scores(rows, threshold, of)
    if of not in {label for _, label in rows}:
        expected |= {"precision": None, "recall": None, "f1": None}
    assert {name: getattr(found, name) for name in METRICS} == expected


def test_a_threshold_has_few_digits() -> None:
    rows = [(0.612345678, 0), (0.623456789, 1), (0.7, 1), (0.2, 0)]
    assert find_threshold(*split(rows), Criterion("accuracy", "accuracy", 1)) == 0.62


def test_a_precision_is_reached_with_the_largest_recall() -> None:
    rows = [(0.1, 0), (0.2, 1), (0.3, 0), (0.4, 1), (0.6, 1), (0.8, 0), (0.9, 1)]
    assert find_threshold(*split(rows), Criterion("", "precision", 1, 0.75)) == 0.35
    assert find_threshold(*split(rows), Criterion("", "recall", 1, 0.75)) == 0.35
    assert find_threshold(*split(rows), Criterion("", "recall", 0, 0.6)) == 0.35


def test_a_class_without_rows() -> None:
    with pytest.raises(DataError, match="no validation row is of that class"):
        find_threshold(*split([(0.2, 0)]), Criterion("f1", "f1", 1))


@pytest.mark.parametrize(
    ("text", "criterion"),
    [
        ("accuracy", ("accuracy", 1, None)),
        ("f1", ("f1", 1, None)),
        ("f1.negative", ("f1", 0, None)),
        ("precision=0.95", ("precision", 1, 0.95)),
        ("recall.negative=1", ("recall", 0, 1.0)),
    ],
)
def test_criteria(text: str, criterion: tuple[str, int, float | None]) -> None:
    assert parse_criterion(text, CLASSES) == Criterion(text, *criterion)


def test_a_class_may_hold_signs() -> None:
    assert parse_criterion("precision.a=b.c=0.5", ["a=b.c", "x"]).of == 0
    assert parse_criterion("f1.a=b.c", ["x", "a=b.c"]).of == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("loss", "cannot be understood"),
        ("accuracy.positive", "cannot be understood"),
        ("accuracy=0.9", "cannot be understood"),
        ("f1=0.9", "cannot be understood"),
        ("precision", "cannot be understood"),
        ("", "cannot be understood"),
        ("f1.good", "there is no class 'good'"),
        ("recall.good=0.5", "there is no class 'good'"),
        ("precision=high", "above 0 and up to 1"),
        ("precision=nan", "above 0 and up to 1"),
        ("recall=0", "above 0 and up to 1"),
        ("recall=1.1", "above 0 and up to 1"),
    ],
)
def test_what_is_no_criterion(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_criterion(text, CLASSES)


@pytest.mark.parametrize("threshold", [0.0, 1.0, -0.5, 2.0, float("nan"), float("inf")])
def test_what_is_no_threshold(threshold: float) -> None:
    with pytest.raises(ConfigError, match="expected a number between 0 and 1"):
        check_decision(Decision(threshold), CLASSES)


def test_three_classes_have_none() -> None:
    for check in (
        lambda names: check_decision(Decision(0.5), names),
        lambda n: parse_criterion("f1", n),
    ):
        with pytest.raises(ConfigError, match="the run has 3 classes: a, b, c"):
            check(["a", "b", "c"])


@pytest.mark.parametrize(
    ("decision", "problem"),
    [
        (Decision(abstain=1.5), r"--abstain 1\.5: expected a probability between 0 and 1"),
        (Decision(abstain=-0.1), r"--abstain -0\.1: expected a probability between 0 and 1"),
        (Decision(abstain=0.8, undecided="bad"), "--undecided bad: is a class of this run"),
    ],
)
def test_decisions_that_cannot_be(decision: Decision, problem: str) -> None:
    check_decision(Decision(abstain=0.8, undecided="unsure"), ["bad", "good", "so-so"])
    with pytest.raises(ConfigError, match=problem):
        check_decision(decision, ["bad", "good", "so-so"])
