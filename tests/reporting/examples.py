"""Results with a value in every field, and the lines of a report."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

from rich.console import Console, RenderableType

from gru_sentiment.results.data import SplitReport
from gru_sentiment.results.metrics import Calibrated, ClassMetrics, Metrics, Reliability
from gru_sentiment.results.training import (
    TrainingResult,
)

METRICS = Metrics(
    n=2500,
    loss=0.23456,
    accuracy=0.91234,
    accuracy_interval=[0.90065, 0.92281],
    balanced_accuracy=0.91156,
    macro_precision=0.11,
    macro_recall=0.12,
    macro_f1=0.91111,
    mcc=0.82467,
    roc_auc=0.97001,
    average_precision=0.96512,
    brier=0.06321,
    ece=0.01987,
    per_class={
        "negative": ClassMetrics(precision=0.9012, recall=0.8023, f1=0.7034, support=1200),
        "positive": ClassMetrics(precision=0.6045, recall=0.5056, f1=0.4067, support=1300),
    },
    confusion_matrix=[[1100, 100], [119, 1181]],
    tokens=600_000,
    elapsed_s=12.0,
    tokens_per_s=50_000.4,
)


RESULT = TrainingResult(
    run="runs/gru",
    metrics={"validation": METRICS, "test": replace(METRICS, n=2501, accuracy=0.9)},
    calibration=Calibrated(
        1.2344, Reliability(0.3, 0.08, 0.05), Reliability(0.27182, 0.07, 0.01987)
    ),
    best_epoch=2,
    epochs=3,
    stopped_by="all 3 epochs done",
    parameters=1_234_567,
    vocabulary=25_002,
    coverage=None,
    training_s=245.4,
    total_s=301.0,
)


SPLIT = SplitReport(
    rows=2000,
    labels={"negative": 500, "positive": 1500},
    empty_texts=3,
    duplicate_texts=7,
    lengths={"50 %": 174, "100 %": 2470},
    truncated=0.125,
    out_of_vocabulary=0.0321,
)


def lines_of(report: RenderableType) -> list[str]:
    """The rendered lines, runs of spaces as one."""
    console = Console(file=StringIO(), width=100)
    console.print(report)
    assert isinstance(console.file, StringIO)
    return [" ".join(line.split()) for line in console.file.getvalue().splitlines()]
