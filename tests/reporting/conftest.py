"""An evaluation with everything that can be asked of one."""

from __future__ import annotations

import pytest

from gru_sentiment.results.evaluation import (
    Against,
    Evaluation,
    FoundThreshold,
    GateResult,
    PairedComparison,
    SliceScore,
    ThresholdScores,
)
from gru_sentiment.results.metrics import ClassMetrics, Metrics


@pytest.fixture
def metrics() -> Metrics:
    """Of 2,000 rows and two classes."""
    of_class = ClassMetrics(precision=0.9, recall=0.9, f1=0.9, support=1000)
    return Metrics(
        n=2000,
        loss=0.25,
        accuracy=0.91,
        accuracy_interval=[0.89, 0.93],
        balanced_accuracy=0.91,
        macro_precision=0.9,
        macro_recall=0.9,
        macro_f1=0.905,
        mcc=0.8,
        roc_auc=None,
        average_precision=0.97,
        brier=0.06,
        ece=0.02,
        per_class={"bad": of_class, "good": of_class},
        confusion_matrix=[[900, 100], [100, 900]],
        elapsed_s=2.5,
    )


@pytest.fixture
def evaluation(metrics: Metrics) -> Evaluation:
    """One gate failed, one met; compared; sliced."""
    return Evaluation(
        run="runs/gru",
        data="reviews.csv",
        metrics=metrics,
        gates=[
            GateResult("accuracy", "floor", 0.9, "lower", 0.91, 0.89, 0.93, False),
            GateResult("loss", "ceiling", 0.5, None, 0.25, None, None, True),
        ],
        against=Against(
            "runs/lstm", 0.9, PairedComparison(2000, 0.01, 0.004, 0.016, 0.00222, 30, 10), [1], [2]
        ),
        slices={
            "[genre]": [
                SliceScore("horror|[b]", 20, 0.5, 0.299, 0.701),
                SliceScore("comedy", 1980, 0.92, 0.908, 0.931),
            ]
        },
        threshold=FoundThreshold(
            by="precision=0.9",
            positive="good",
            threshold=0.62,
            of="good",
            scores=[
                ThresholdScores("validation", 0.5, 0.9, 0.88, 0.92, 0.8996),
                ThresholdScores("validation", 0.62, 0.91, 0.905, 0.89, 0.8974),
                ThresholdScores("reviews.csv", 0.5, 0.91, 0.9, 0.9, 0.9),
                ThresholdScores("reviews.csv", 0.62, 0.8, 0.7, 0.6, 0.6462),
            ],
        ),
    )
