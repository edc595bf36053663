"""Metrics of label sets against scikit-learn, whatever the order of the rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as reference

from gru_sentiment.scores.complement import log_complement
from gru_sentiment.scores.label_sets import LabelSetScoring, label_set_metric_names

NAMES = ["a", "b", "c"]
CLOSE = {"rel": 1e-9, "abs": 1e-9}


def scored(rows: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, LabelSetScoring]:
    """Probabilities, targets, and the scoring of them at a threshold a class."""
    generator = np.random.default_rng(seed)
    probabilities = generator.uniform(0.01, 0.99, (rows, 3)).round(2)
    targets = np.int64(generator.uniform(size=(rows, 3)) < probabilities)
    chosen = probabilities >= [0.5, 0.3, 0.8]
    return probabilities, targets, LabelSetScoring(np.log(probabilities), targets, NAMES, chosen)


@settings(max_examples=30, deadline=None)
@given(st.integers(5, 40), st.integers(0, 10**6))
def test_equal_those_of_scikit_learn(rows: int, seed: int) -> None:
    probabilities, targets, scoring = scored(rows, seed)
    chosen = np.int64(probabilities >= [0.5, 0.3, 0.8])
    found = scoring.metrics()
    assert found.accuracy == pytest.approx(reference.accuracy_score(targets, chosen), **CLOSE)
    precision, recall, f1, support = reference.precision_recall_fscore_support(
        targets, chosen, zero_division=0.0
    )
    for c, name in enumerate(NAMES):
        ours = found.per_class[name]
        assert ours.support == support[c]
        if support[c]:
            expected = precision[c], recall[c], f1[c]
            assert (ours.precision, ours.recall, ours.f1) == pytest.approx(expected, **CLOSE)
    present = np.flatnonzero(support).tolist()
    assert found.absent_classes == [name for c, name in enumerate(NAMES) if not support[c]]
    for average, labels in (("micro", None), ("macro", present)):
        if average == "macro" and not present:
            continue
        expected = reference.precision_recall_fscore_support(
            targets, chosen, average=average, labels=labels, zero_division=0.0
        )
        for kind, value in zip(("precision", "recall", "f1"), expected[:3], strict=True):
            assert getattr(found, f"{average}_{kind}") == pytest.approx(value, **CLOSE)
    columns = list(zip(targets.T, probabilities.T, strict=True))
    losses = [reference.log_loss(true, p, labels=[0, 1]) for true, p in columns]
    assert found.loss == pytest.approx(np.mean(losses), **CLOSE)
    assert found.brier == pytest.approx(((probabilities - targets) ** 2).mean(), **CLOSE)
    both = [c for c in range(3) if 0 < support[c] < rows]
    if both:
        areas = [reference.roc_auc_score(*columns[c]) for c in both]
        assert found.roc_auc == pytest.approx(np.mean(areas), **CLOSE)
        means = [reference.average_precision_score(*columns[c]) for c in both]
        assert found.average_precision == pytest.approx(np.mean(means), **CLOSE)
    assert (found.mcc, found.balanced_accuracy, found.confusion_matrix) == (None, None, [])


def test_the_order_of_the_rows_changes_nothing() -> None:
    probabilities, targets, scoring = scored(30)
    order = np.random.default_rng(1).permutation(30)
    chosen = probabilities >= [0.5, 0.3, 0.8]
    other = LabelSetScoring(np.log(probabilities[order]), targets[order], NAMES, chosen[order])
    names = label_set_metric_names(NAMES)
    assert scoring.measure(names) == other.measure(names)


def test_every_metric_has_an_interval_around_it() -> None:
    _, _, scoring = scored(300)
    measured = scoring.measure(label_set_metric_names(NAMES))
    assert {"micro_f1", "f1.a", "accuracy", "ece"} <= set(measured)
    assert "mcc" not in measured
    for name, metric in measured.items():
        assert metric.value is not None
        assert metric.low is not None
        assert metric.high is not None
        if name != "ece":
            assert metric.low <= metric.value <= metric.high, name
    assert measured["micro_f1"].value == scoring.metrics().micro_f1


def test_the_complement_is_exact_at_both_ends() -> None:
    small = np.log(np.array([1e-300, 1e-20, 0.25, 0.5, 0.75]))
    np.testing.assert_allclose(
        log_complement(small), np.log1p(-np.exp(small)), rtol=1e-12, atol=1e-320
    )
    # 1 - p is 1e-20, which p itself cannot say
    assert log_complement(np.array([-1e-20]))[0] == pytest.approx(np.log(1e-20), rel=1e-12)
    assert log_complement(np.array([0.0]))[0] == -np.inf
