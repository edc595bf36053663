"""Metrics against scikit-learn."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as reference

from gru_sentiment.scores.metrics import classification_metrics

Drawn = tuple[list[list[int]], list[int]]


@st.composite
def predictions(draw: st.DrawFn) -> Drawn:
    """Whole logits, so that ties occur, and labels that may leave classes without rows."""
    classes, rows = draw(st.integers(2, 5)), draw(st.integers(1, 25))
    logit = st.integers(-4, 4)
    logits = st.lists(
        st.lists(logit, min_size=classes, max_size=classes), min_size=rows, max_size=rows
    )
    labels = st.lists(st.integers(0, classes - 1), min_size=rows, max_size=rows)
    return draw(logits), draw(labels)


def log_softmax(logits: list[list[int]]) -> np.ndarray:
    values = np.array(logits, np.float64)
    return values - np.log(np.exp(values).sum(axis=1, keepdims=True))


@settings(max_examples=40, deadline=None)
@given(drawn=predictions())
def test_equal_those_of_scikit_learn(drawn: Drawn) -> None:
    logits, labels = drawn
    answers, true, classes = log_softmax(logits), np.array(labels), len(logits[0])
    names = [f"class {c}" for c in range(classes)]
    found = classification_metrics(answers, true, names)
    predicted = [row.index(max(row)) for row in logits]

    every = {"labels": range(classes), "zero_division": 0.0}
    precision, recall, f1, support = reference.precision_recall_fscore_support(
        true, predicted, **every
    )
    close = {"rel": 1e-9, "abs": 1e-9}
    for c, name in enumerate(names):
        ours = found.per_class[name]
        assert (ours.precision, ours.recall, ours.f1, ours.support) == pytest.approx(
            (precision[c], recall[c], f1[c], support[c]), **close
        )
    macro = reference.precision_recall_fscore_support(true, predicted, average="macro", **every)
    assert (found.macro_precision, found.macro_recall, found.macro_f1) == pytest.approx(
        macro[:3], **close
    )
    assert found.n == len(labels)
    assert found.accuracy == pytest.approx(reference.accuracy_score(true, predicted), **close)
    assert found.loss == pytest.approx(
        reference.log_loss(true, np.exp(answers), labels=range(classes)), **close
    )
    confusion = reference.confusion_matrix(true, predicted, labels=range(classes))
    assert found.confusion_matrix == confusion.tolist()
    if len(set(labels)) < classes:
        assert found.roc_auc is None
        return
    odds = answers[:, 1] - answers[:, 0]
    columns = [(1, odds)] if classes == 2 else list(enumerate(answers.T))
    areas = [reference.roc_auc_score(true == c, column) for c, column in columns]
    assert found.roc_auc == pytest.approx(np.mean(areas), **close)


@settings(max_examples=50, deadline=None)
@given(
    rows=st.lists(
        st.tuples(st.integers(-5, 5) | st.floats(-5, 5), st.booleans()), min_size=1, max_size=30
    )
)
def test_area_is_the_share_of_pairs_in_the_right_order(rows: list[tuple[float, bool]]) -> None:
    above = [score for score, positive in rows if positive]
    below = [score for score, positive in rows if not positive]
    pairs = [(a > b) + (a == b) / 2 for a in above for b in below]
    scores, positive = (np.array(column) for column in zip(*rows, strict=True))
    expected = sum(pairs) / len(pairs) if pairs else None
    assert roc_auc(scores.astype(float), positive) == (
        None if expected is None else pytest.approx(expected, abs=1e-12)
    )


def test_area_tells_certain_answers_apart() -> None:
    """Both probabilities of class 1 round to 1.0; their odds differ."""
    answers = np.array([[-50.0, -math.exp(-50)], [-60.0, -math.exp(-60)]])
    assert np.exp(answers[0, 1]) == np.exp(answers[1, 1]) == 1.0
    assert classification_metrics(answers, np.array([0, 1]), ["a", "b"]).roc_auc == 1.0


def test_area_of_several_classes_is_their_mean() -> None:
    answers = log_softmax([[3, 0, 0], [0, 3, 0], [0, 0, 3], [3, 0, 1]])
    labels = np.array([0, 1, 2, 2])
    found = classification_metrics(answers, labels, ["a", "b", "c"])
    expected = reference.roc_auc_score(labels, np.exp(answers), multi_class="ovr", average="macro")
    assert found.roc_auc == pytest.approx(expected, abs=1e-9)


def test_a_class_without_rows_scores_nothing() -> None:
    answers = log_softmax([[1, 0, 0], [0, 1, 0]])
    found = classification_metrics(answers, np.array([0, 1]), ["a", "b", "c"])
    empty = found.per_class["c"]
    assert (empty.precision, empty.recall, empty.f1, empty.support) == (0.0, 0.0, 0.0, 0)
    assert found.macro_f1 == pytest.approx(2 / 3)
    assert found.accuracy == 1.0
    assert found.roc_auc is None


def test_rows_are_true_classes_and_columns_predicted_ones() -> None:
    answers = log_softmax([[0, 1], [0, 1], [1, 0]])
    found = classification_metrics(answers, np.array([0, 1, 0]), ["a", "b"])
    assert found.confusion_matrix == [[1, 1], [0, 1]]


def test_counts_pass_through() -> None:
    answers = log_softmax([[0, 1]])
    found = classification_metrics(
        answers, np.array([1]), ["a", "b"], empty_texts=3, tokens=7, elapsed_s=2.0, tokens_per_s=3.5
    )
    assert (found.empty_texts, found.tokens, found.elapsed_s, found.tokens_per_s) == (
        3,
        7,
        2.0,
        3.5,
    )
