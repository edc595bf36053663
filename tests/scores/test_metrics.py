"""Metrics against scikit-learn, whatever the order of the rows and however often each counts."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as reference

from gru_sentiment.scores.intervals import wilson
from gru_sentiment.scores.metrics import Scoring, classification_metrics, metric_names

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
        assert ours.support == support[c]
        if support[c]:
            assert (ours.precision, ours.recall, ours.f1) == pytest.approx(
                (precision[c], recall[c], f1[c]), **close
            )
        else:
            assert (ours.precision, ours.recall, ours.f1) == (None, None, None)
    present = sorted(set(labels))
    macro = reference.precision_recall_fscore_support(
        true, predicted, average="macro", labels=present, zero_division=0.0
    )
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
    probabilities = np.exp(answers)
    halved = 2 if classes == 2 else 1
    brier = reference.brier_score_loss(
        true, probabilities, labels=range(classes), scale_by_half=False
    )
    assert found.brier == pytest.approx(brier / halved, **close)
    assert found.accuracy_interval == list(
        wilson(sum(a == b for a, b in zip(predicted, labels, strict=True)), len(labels))
    )
    if len(set(labels)) == 1:
        assert found.mcc is None
    else:
        assert found.mcc == pytest.approx(reference.matthews_corrcoef(true, predicted), **close)
    assert found.balanced_accuracy == pytest.approx(
        np.mean([np.mean(np.array(predicted)[true == c] == c) for c in present]), **close
    )
    assert found.absent_classes == [names[c] for c in range(classes) if c not in present]
    if len(present) == 1:
        assert (found.roc_auc, found.average_precision) == (None, None)
        return
    balanced = reference.balanced_accuracy_score(true, predicted)
    assert found.balanced_accuracy == pytest.approx(balanced, **close)
    odds = answers[:, 1] - answers[:, 0]
    columns = [(1, odds)] if classes == 2 else [(c, answers[:, c]) for c in present]
    areas = [reference.roc_auc_score(true == c, column) for c, column in columns]
    assert found.roc_auc == pytest.approx(np.mean(areas), **close)
    areas = [reference.average_precision_score(true == c, column) for c, column in columns]
    assert found.average_precision == pytest.approx(np.mean(areas), **close)


@settings(max_examples=30, deadline=None)
@given(drawn=predictions(), data=st.data())
def test_rows_may_count_more_than_once_or_not_at_all(drawn: Drawn, data: st.DataObject) -> None:
    """A weight is as good as that many copies of the row, for every metric by its name."""
    logits, labels = drawn
    n = len(labels)
    weights = data.draw(st.lists(st.integers(0, 3), min_size=n, max_size=n).filter(any))
    answers, true, names = (
        log_softmax(logits),
        np.array(labels),
        [str(c) for c, _ in enumerate(logits[0])],
    )
    scoring = Scoring(answers, true, names)
    order = np.lexsort((*answers.T, true))
    repeated = np.repeat(np.arange(n), weights)
    copies = Scoring(answers[repeated], true[repeated], names)
    once = np.ones(len(repeated), int)
    assert list(scoring.statistics()) == metric_names(names)
    for name, statistic in scoring.statistics().items():
        found = statistic(np.array(weights)[order])
        expected = copies.statistics()[name](once)
        assert found == (None if expected is None else pytest.approx(expected, abs=1e-12)), name


@settings(max_examples=30, deadline=None)
@given(drawn=predictions(), seed=st.integers(0, 2**32 - 1))
def test_the_order_of_the_rows_changes_nothing_at_all(drawn: Drawn, seed: int) -> None:
    logits, labels = drawn
    answers, true, names = (
        log_softmax(logits),
        np.array(labels),
        [str(c) for c, _ in enumerate(logits[0])],
    )
    order = np.random.default_rng(seed).permutation(len(labels))
    one, other = Scoring(answers, true, names), Scoring(answers[order], true[order], names)
    assert one.metrics() == other.metrics()
    some = ["accuracy", "loss", "f1.0"]
    assert one.measure(some, seed=1) == other.measure(some, seed=1)


@pytest.mark.parametrize("absent", [[], ["d"]])
def test_names_give_the_numbers_of_the_whole(absent: list[str]) -> None:
    answers, labels = random_answers(200, 3 + len(absent))
    kept = labels < 3
    scoring = Scoring(answers[kept], labels[kept], ["a", "b", "c", *absent])
    whole = scoring.metrics()
    assert whole.absent_classes == absent
    measured = scoring.measure(metric_names(["a", "b", "c", *absent]))
    for name, found in measured.items():
        kind, _, of = name.partition(".")
        if of in absent and of:
            assert (found.value, found.low, found.high) == (None, None, None)
            continue
        expected = getattr(whole.per_class[of], kind) if of else getattr(whole, name)
        assert found.value == pytest.approx(expected, abs=1e-12)
        assert found.low is not None
        assert found.high is not None
        # the resamples' calibration error is larger: they add noise of their own
        assert found.low <= found.value <= found.high or name == "ece"


def test_proportions_have_wilsons_interval_and_others_the_bootstraps() -> None:
    scoring = Scoring(*random_answers(300, 2), ["a", "b"])
    (_, missed), (_, hits) = scoring.metrics().confusion_matrix
    measured = scoring.measure(["recall.b", "precision.b", "f1.b"], seed=3)
    support = scoring.metrics().per_class["b"].support
    assert (measured["recall.b"].low, measured["recall.b"].high) == wilson(hits, support)
    assert (measured["precision.b"].low, measured["precision.b"].high) == wilson(
        hits, hits + missed
    )
    assert measured == scoring.measure(["recall.b", "precision.b", "f1.b"], seed=3)
    assert measured["f1.b"] != scoring.measure(["f1.b"], seed=4)["f1.b"]


@pytest.mark.parametrize("name", ["roc_auc", "average_precision", "recall.b", "f1.b", "mcc"])
def test_what_cannot_be_computed_has_no_value(name: str) -> None:
    answers = log_softmax([[1, 0], [0, 1], [2, 0]])
    found = Scoring(answers, np.zeros(3, int), ["a", "b"]).measure([name, "accuracy"])
    assert (found[name].value, found[name].low, found[name].high) == (None, None, None)
    assert found["accuracy"].value == pytest.approx(2 / 3)


def random_answers(n: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Predictions that are right more often than not."""
    generator = np.random.default_rng(0)
    labels = generator.integers(classes, size=n)
    logits = generator.normal(size=(n, classes)) + 1.2 * np.eye(classes)[labels]
    return logits - np.log(np.exp(logits).sum(axis=1, keepdims=True)), labels


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
    assert (empty.precision, empty.recall, empty.f1, empty.support) == (None, None, None, 0)
    assert (found.macro_precision, found.macro_recall, found.macro_f1) == (1.0, 1.0, 1.0)
    assert (found.balanced_accuracy, found.roc_auc, found.average_precision) == (1.0, 1.0, 1.0)
    assert found.absent_classes == ["c"]


@pytest.mark.parametrize("name", ["macro_f1", "balanced_accuracy", "roc_auc"])
def test_table_and_gate_tell_the_same_of_rows_that_lack_a_class(name: str) -> None:
    answers = log_softmax([[1, 0, 2], [0, 1, 0], [2, 0, 0], [0, 2, 1], [1, 2, 0]])
    scoring = Scoring(answers, np.array([0, 1, 0, 1, 0]), ["a", "b", "c"])
    found = scoring.measure([name])[name]
    assert found.value == getattr(scoring.metrics(), name)
    assert found.low is not None
    assert found.high is not None
    assert found.low <= found.value <= found.high


def test_a_resample_without_a_class_averages_over_the_others() -> None:
    """The score is what it would have been told of those rows alone."""
    answers = log_softmax([[1, 0, 0], [1, 0, 0], [0, 1, 0], [1, 0, 0]])
    labels = np.array([0, 0, 1, 2])
    macro = Scoring(answers, labels, ["a", "b", "c"]).statistics()["macro_recall"]
    assert macro(np.array([1, 1, 1, 1])) == pytest.approx(2 / 3)
    assert macro(np.array([1, 1, 2, 0])) == 1.0


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


def test_answers_that_are_no_numbers_are_scored_as_such() -> None:
    found = classification_metrics(np.full((3, 2), np.nan), np.array([0, 1, 0]), ["a", "b"])
    assert math.isnan(found.loss)
    assert math.isnan(found.ece)
    assert found.n == 3
