"""An evaluation as a reader sees it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gru_sentiment.reporting.data import data_report
from gru_sentiment.reporting.evaluation import evaluation_report
from gru_sentiment.reporting.metrics import confusion_table, metrics_table
from gru_sentiment.reporting.training import (
    training_report,
)
from gru_sentiment.reporting.wording import absent_lines
from gru_sentiment.results.data import DataReport
from gru_sentiment.results.evaluation import Evaluation

from .examples import METRICS, RESULT, SPLIT, lines_of


def test_metrics_have_a_column_a_split() -> None:
    lines = lines_of(metrics_table(RESULT.metrics))
    for line in [
        "validation test",
        "reviews 2,500 2,501",
        "accuracy 0.9123 0.9000",
        "loss 0.2346 0.2346",
        "ROC AUC 0.9700 0.9700",
        "macro F1 0.9111 0.9111",
        "precision of negative 0.9012 0.9012",
        "recall of negative 0.8023 0.8023",
        "f1 of negative 0.7034 0.7034",
        "precision of positive 0.6045 0.6045",
        "recall of positive 0.5056 0.5056",
        "f1 of positive 0.4067 0.4067",
        "tokens/s 50,000 50,000",
    ]:
        assert line in lines


def test_a_score_that_does_not_exist() -> None:
    assert "ROC AUC n/a" in lines_of(metrics_table({"test": replace(METRICS, roc_auc=None)}))


def test_classes_without_rows_are_named() -> None:
    lacking = replace(METRICS, absent_classes=["negative"])
    result = replace(RESULT, metrics={"validation": METRICS, "test": lacking})
    note = "test: no rows of negative; averages over the classes leave it out"
    found = lines_of(training_report(result))
    assert note in found
    assert "f1 of negative 0.7034 n/a" in found
    assert note in lines_of(evaluation_report(Evaluation("runs/gru", "test", lacking)))
    assert not any("no rows of" in line for line in lines_of(training_report(RESULT)))
    both = replace(METRICS, absent_classes=["negative", "neutral"])
    assert absent_lines({"a.csv": both}) == [
        "a.csv: no rows of negative, neutral; averages over the classes leave them out"
    ]


def test_confusion_has_true_classes_by_row() -> None:
    lines = lines_of(confusion_table(METRICS))
    assert "true \\ predicted negative positive" in lines
    assert "negative 1,100 100" in lines
    assert "positive 119 1,181" in lines


def test_an_evaluation_in_words() -> None:
    lines = lines_of(evaluation_report(Evaluation("runs/gru", "test", METRICS)))
    assert lines[0] == "runs/gru on test"
    assert "accuracy 0.9123" in lines
    assert "positive 119 1,181" in lines
    assert not any("no token" in line for line in lines)
    empty = replace(METRICS, empty_texts=1001)
    lines = lines_of(evaluation_report(Evaluation("runs/gru", "test", empty)))
    assert lines[-1] == "1,001 texts hold no token"


def test_an_evaluation_has_scores_that_a_training_does_not_show() -> None:
    lines = lines_of(evaluation_report(Evaluation("runs/gru", "test", METRICS)))
    more = [
        "balanced accuracy 0.9116",
        "average precision 0.9651",
        "MCC 0.8247",
        "Brier score 0.0632",
        "calibration error 0.0199",
    ]
    assert set(more) <= set(lines)
    assert "accuracy, 95 % interval: 0.9006 to 0.9228" in lines
    assert not set(more) & set(lines_of(training_report(RESULT)))


def test_gates_comparison_and_slices_in_words(evaluation: Evaluation) -> None:
    lines = lines_of(evaluation_report(evaluation))
    assert "lower end of accuracy >= 0.9 0.91 0.8900 to 0.9300 FAILED" in lines
    assert "loss <= 0.5 0.25 n/a met" in lines
    assert "2 gates, 1 failed" in lines
    assert "30 rows fixed, 10 broken; McNemar's exact test: p = 0.00222" in lines
    assert "by [genre], worst first rows accuracy 95 % interval" in lines
    start = lines.index("horror|[b] 20 0.5000 0.2990 to 0.7010")
    assert lines[start + 1] == "comedy 1,980 0.9200 0.9080 to 0.9310"
    assert "reviews.csv 0.62 0.8000 0.7000 0.6000 0.6462" in lines


@pytest.mark.parametrize("name", ["[neutral]", "[/b]", "[bold]x", "a[red]", ":smile:", "\\"])
def test_names_of_the_user_are_shown_as_they_are(name: str) -> None:
    """Classes and files may look like markup."""
    per_class = {name: METRICS.per_class["negative"], "other": METRICS.per_class["positive"]}
    metrics = replace(METRICS, per_class=per_class)
    lines = lines_of(evaluation_report(Evaluation(f"runs/{name}", f"{name}.csv", metrics)))
    assert f"runs/{name} on {name}.csv" in lines
    assert f"{name}.csv" in lines
    assert f"precision of {name} 0.9012" in lines
    assert f"{name} 1,100 100" in lines
    assert f"true \\ predicted {name} other" in lines
    split = replace(SPLIT, labels={name: 500, "other": 1500})
    lines = lines_of(data_report(DataReport("abc", {"train": split}, {}, 10, None, [name])))
    assert f"{name} 500 (25.0%)" in lines
    assert lines[-1] == f"warning: {name}"
