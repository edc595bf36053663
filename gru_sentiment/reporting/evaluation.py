"""An evaluation for a terminal."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from gru_sentiment.reporting.cells import gate_cells, slice_cells, threshold_cells
from gru_sentiment.reporting.metrics import (
    FURTHER_METRICS,
    MAIN_METRICS,
    confusion_table,
    metrics_table,
)
from gru_sentiment.reporting.numbers import interval
from gru_sentiment.reporting.tables import table_of
from gru_sentiment.reporting.wording import (
    absent_lines,
    baseline_line,
    comparison_lines,
    slice_title,
    threshold_line,
    verdict,
)
from gru_sentiment.results.evaluation import Evaluation


def evaluation_report(evaluation: Evaluation) -> RenderableType:
    """Metrics, confusions, the comparison, slices, threshold, gates and the baseline beside."""
    metrics = evaluation.metrics
    blocks: list[RenderableType] = [
        Text(f"{evaluation.run} on {evaluation.data}"),
        metrics_table({evaluation.data: metrics}, MAIN_METRICS | FURTHER_METRICS),
        *([confusion_table(metrics)] if metrics.confusion_matrix else []),
        Text(f"accuracy, 95 % interval: {interval(*metrics.accuracy_interval)}"),
        *map(Text, absent_lines({evaluation.data: metrics})),
    ]
    if metrics.empty_texts:
        blocks.append(Text(_empty_texts(metrics.empty_texts)))
    if evaluation.against:
        blocks += map(Text, comparison_lines(evaluation.against))
    blocks += [
        table_of(slice_cells(slice_title(name), scores))
        for name, scores in evaluation.slices.items()
    ]
    if evaluation.threshold:
        found = evaluation.threshold
        blocks += [table_of(threshold_cells(found)), Text(threshold_line(found))]
    if evaluation.gates:
        blocks += [table_of(gate_cells(evaluation.gates)), Text(verdict(evaluation))]
    if evaluation.baseline:
        blocks.append(Text(baseline_line(evaluation.baseline)))
    return Group(*blocks)


def _empty_texts(n: int) -> str:
    return "1 text holds no token" if n == 1 else f"{n:,} texts hold no token"
