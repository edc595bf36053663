"""Behaviour suites for a terminal: pass rates, and what failed."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from gru_sentiment.reporting.tables import add_row, new_table
from gru_sentiment.suite_results import Behaviour, FailedCase


def behaviour_report(behaviour: Behaviour) -> RenderableType:
    """A row a suite, then every case that failed with the answers to it."""
    table = new_table("suite", "cases", "passed", "rate", "95 % interval")
    for name, result in behaviour.suites.items():
        interval = f"{result.low:.3f} to {result.high:.3f}"
        add_row(table, name, f"{result.n:,}", f"{result.passed:,}", f"{result.rate:.3f}", interval)
    lines = [
        line
        for name, result in behaviour.suites.items()
        for failure in result.failures
        for line in _lines(name, failure)
    ]
    return Group(Text(f"{behaviour.run} on behaviour suites"), table, *map(Text, lines))


def _lines(suite: str, failure: FailedCase) -> Iterator[str]:
    yield f"{suite}: expected {failure.expected}"
    for text, (label, probability) in zip(failure.texts, failure.answers, strict=True):
        yield f"  {label} {probability:.3f}  {text}"
