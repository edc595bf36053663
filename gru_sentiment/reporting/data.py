"""A data set before training, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from gru_sentiment.reporting.numbers import share_of
from gru_sentiment.reporting.tables import add_row, new_table
from gru_sentiment.results.data import DataReport, LabelReport, SplitReport
from gru_sentiment.results.training import Coverage

NOT_LOOKED_FOR = "near duplicates were not looked for: pip install 'gru-sentiment[clean]'"
SHOWN = 20
"""Suspect labels in the table."""
WIDTH = 60
"""Characters of their texts."""


def data_report(report: DataReport) -> RenderableType:
    """A column for every split, then overlaps, near duplicates, vocabulary, vectors, warnings."""
    lines = [f"texts in both {pair}: {n:,}" for pair, n in report.overlaps.items()]
    lines += _near_duplicate_lines(report)
    lines += [f"vocabulary: {report.vocabulary:,} words", *_coverage_lines(report.coverage)]
    lines += [f"warning: {warning}" for warning in report.warnings]
    return Group(_splits_table(report.splits), *map(Text, lines))


def label_report(report: LabelReport) -> RenderableType:
    """The likeliest of the labels that may be wrong, and how many there are."""
    table = new_table("row", "label", "suggested", "probability of the label", "text")
    for suspect in report.suspects[:SHOWN]:
        place = f"{suspect.split} {suspect.row:,}"
        text = " ".join(suspect.text.split())
        cut = f"{text[:WIDTH]}…" if len(text) > WIDTH else text
        add_row(
            table,
            place,
            str(suspect.label),
            str(suspect.suggested),
            f"{suspect.probability:.1%}",
            cut,
        )
    n = len(report.suspects)
    lines = [f"{n:,} of {report.rows:,} labels are suspect"]
    if n > SHOWN:
        lines.append(f"the first {SHOWN} are shown; --json prints all, a line each")
    return Group(*([table] if n else []), *map(Text, lines))


def _splits_table(by_name: dict[str, SplitReport]) -> Table:
    table = new_table("", *by_name)
    splits = list(by_name.values())
    add_row(table, "rows", *(f"{s.rows:,}" for s in splits))
    for label in splits[0].labels:
        add_row(table, label, *(share_of(s.labels[label], s.rows) for s in splits))
    add_row(table, "empty texts", *(f"{s.empty_texts:,}" for s in splits))
    add_row(table, "duplicate texts", *(f"{s.duplicate_texts:,}" for s in splits))
    for percentile in splits[0].lengths:
        number = percentile.removesuffix(" %")
        title = "longest text" if number == "100" else f"{number}th percentile"
        add_row(table, f"tokens, {title}", *(f"{s.lengths[percentile]:,}" for s in splits))
    add_row(table, "truncated", *(f"{s.truncated:.1%}" for s in splits))
    add_row(table, "out of vocabulary", *(f"{s.out_of_vocabulary:.2%}" for s in splits))
    return table


def _near_duplicate_lines(report: DataReport) -> Iterator[str]:
    if report.near_duplicates is None:
        yield NOT_LOOKED_FOR
        return
    for split, by_earlier in report.near_duplicates.items():
        for earlier, found in by_earlier.items():
            share = share_of(len(found), report.splits[split].rows)
            yield f"near duplicates in {earlier} of {split}: {share}"


def _coverage_lines(coverage: Coverage | None) -> Iterator[str]:
    if coverage is None:
        return
    yield (
        f"vectors: {coverage.vectors} cover {coverage.types:.1%} of the vocabulary, "
        f"{coverage.tokens:.1%} of the known tokens in the training texts"
    )
    if coverage.most_frequent_missing:
        words = ", ".join(f"{word!r} ({n:,})" for word, n in coverage.most_frequent_missing)
        yield f"most frequent words without a vector: {words}"
