"""What `gru-sent init` saw in a file, for a terminal."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from gru_sentiment.reporting.numbers import share_of
from gru_sentiment.reporting.tables import add_row, new_table
from gru_sentiment.results.survey import Survey

SHOWN = 20
"""Classes that are listed."""


def survey_report(survey: Survey) -> RenderableType:
    """Columns, dialect, language, lengths and classes."""
    lines = [
        f"{survey.path}: {survey.rows:,} texts",
        f"texts: column {survey.text_column}; labels: column {survey.label_column}",
        *(f"{key}: {value}" for key, value in survey.dialect.items()),
        f"language: {survey.language}",
        "words of a text: "
        + ", ".join(f"{_percentile(p)} {words:,}" for p, words in survey.words.items()),
    ]
    if survey.label_sets is not None:
        between = f", with {survey.label_separator} between them" if survey.label_separator else ""
        lines.append(f"a text has any number of classes{between}")
    lines += survey.notes
    return Group(*map(Text, lines), _classes(survey))


def _classes(survey: Survey) -> Table:
    table = new_table("class", "rows")
    for name, rows in list(survey.classes.items())[:SHOWN]:
        add_row(table, name, share_of(rows, survey.rows))
    if len(survey.classes) > SHOWN:
        add_row(table, f"and {len(survey.classes) - SHOWN} more", "")
    return table


def _percentile(percentile: int) -> str:
    return "longest" if percentile == 100 else f"{percentile} %"
