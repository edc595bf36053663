"""What is known of a data set, for a terminal."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.text import Text

from gru_sentiment.reporting.tables import add_row, new_table
from gru_sentiment.reporting.units import share_of
from gru_sentiment.results.data import DataReport
from gru_sentiment.results.training import Coverage


def data_report(report: DataReport) -> RenderableType:
    """Everything that `data check` found."""
    table = new_table("", *report.splits)
    splits = list(report.splits.values())
    add_row(table, "rows", *(f"{s.rows:,}" for s in splits))
    for label in splits[0].labels:
        add_row(table, label, *(share_of(s.labels[label], s.rows) for s in splits))
    add_row(table, "empty texts", *(f"{s.empty_texts:,}" for s in splits))
    add_row(table, "duplicate texts", *(f"{s.duplicate_texts:,}" for s in splits))
    for percentile in splits[0].lengths:
        title = "words, longest" if percentile == "100 %" else f"words, {percentile} have at most"
        add_row(table, title, *(f"{s.lengths[percentile]:,}" for s in splits))
    add_row(table, "truncated", *(f"{s.truncated:.1%}" for s in splits))
    add_row(table, "out of vocabulary", *(f"{s.out_of_vocabulary:.2%}" for s in splits))
    lines = [f"texts in both {pair}: {n:,}" for pair, n in report.overlaps.items()]
    lines += [f"vocabulary: {report.vocabulary:,} words", *_coverage_lines(report.coverage)]
    lines += [f"warning: {warning}" for warning in report.warnings]
    return Group(table, *map(Text, lines))


def _coverage_lines(coverage: Coverage | None) -> Iterable[str]:
    if coverage is None:
        return
    yield (
        f"vectors: {coverage.vectors} cover {coverage.types:.1%} of the vocabulary, "
        f"{coverage.tokens:.1%} of the known text"
    )
    if coverage.most_frequent_missing:
        words = ", ".join(f"{word!r} ({n:,})" for word, n in coverage.most_frequent_missing)
        yield f"most frequent words without a vector: {words}"
