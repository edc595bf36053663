"""Scores of an evaluation, for a terminal."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from gru_sentiment.reporting.tables import add_row, gates_table, new_table, threshold_table
from gru_sentiment.reporting.wording import (
    absent_lines,
    comparison_lines,
    interval,
    score,
    slice_title,
    threshold_line,
    verdict,
)
from gru_sentiment.results.evaluation import BaselineGap, Evaluation, SliceScore
from gru_sentiment.results.metrics import Metrics

SCORES = {
    "accuracy": "accuracy",
    "loss": "loss",
    "ROC AUC": "roc_auc",
    "macro F1": "macro_f1",
}

MORE_SCORES = {
    "balanced accuracy": "balanced_accuracy",
    "average precision": "average_precision",
    "MCC": "mcc",
    "Brier score": "brier",
    "calibration error": "ece",
}


def reference_sentence(gap: BaselineGap) -> str:
    """Whether a run beats its baseline."""
    beside = f"({gap.run}: {gap.accuracy:.4f})"
    if not gap.points:
        return f"as accurate as the baseline {beside}"
    verb = "beats" if gap.points > 0 else "misses"
    return f"{verb} the baseline by {abs(gap.points):.2f} points {beside}"


def evaluation_report(evaluation: Evaluation) -> RenderableType:
    """Scores, where the errors are, and what came of the gates, the comparison and the slices."""
    metrics = evaluation.metrics
    parts: list[RenderableType] = [
        Text(f"{evaluation.run} on {evaluation.data}"),
        metrics_table({evaluation.data: metrics}, SCORES | MORE_SCORES),
        confusion_table(metrics),
        Text(f"accuracy, 95 % interval: {interval(*metrics.accuracy_interval)}"),
        *map(Text, absent_lines({evaluation.data: metrics})),
    ]
    if metrics.empty_texts:
        parts.append(Text(f"{metrics.empty_texts:,} texts hold no word"))
    if evaluation.against:
        parts += map(Text, comparison_lines(evaluation.against))
    parts += [_slices_table(name, scores) for name, scores in evaluation.slices.items()]
    if evaluation.threshold:
        found = evaluation.threshold
        parts += [threshold_table(found), Text(threshold_line(found))]
    if evaluation.gates:
        parts += [gates_table(evaluation), Text(verdict(evaluation))]
    if evaluation.baseline:
        parts.append(Text(reference_sentence(evaluation.baseline)))
    return Group(*parts)


def _slices_table(name: str, scores: list[SliceScore]) -> Table:
    table = new_table(slice_title(name), "rows", "accuracy", "95 % interval")
    for s in scores:
        add_row(table, s.name, f"{s.n:,}", score(s.accuracy), interval(s.low, s.high))
    return table


def metrics_table(metrics: dict[str, Metrics], scores: Mapping[str, str] = SCORES) -> Table:
    """One column a split; `scores` are fields of the metrics by their titles."""
    table = new_table("", *metrics)
    add_row(table, "reviews", *(f"{m.n:,}" for m in metrics.values()))
    for title, name in scores.items():
        add_row(table, title, *(score(getattr(m, name)) for m in metrics.values()))
    classes = next(iter(metrics.values())).per_class
    for name in classes:
        for title in ("precision", "recall", "f1"):
            values = (
                score(None if name in m.absent_classes else getattr(m.per_class[name], title))
                for m in metrics.values()
            )
            add_row(table, f"{title} of {name}", *values)
    add_row(table, "tokens/s", *(f"{m.tokens_per_s:,.0f}" for m in metrics.values()))
    return table


def confusion_table(metrics: Metrics) -> Table:
    """True classes by row, predicted ones by column."""
    table = new_table("true \\ predicted", *metrics.per_class)
    for name, row in zip(metrics.per_class, metrics.confusion_matrix, strict=True):
        add_row(table, name, *(f"{n:,}" for n in row))
    return table
