"""Behaviour suites for a terminal: pass rates, and what failed."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from gru_sentiment.reporting.tables import add_row, gates_table, new_table
from gru_sentiment.reporting.wording import interval, score, verdict
from gru_sentiment.results.suites import Behaviour, FailedCase


def behaviour_report(behaviour: Behaviour) -> RenderableType:
    """Every case that failed with the answers to it, then a row a suite, and the gates."""
    table = new_table("suite", "cases", "passed", "pass rate", "95 % interval")
    for name, s in behaviour.suites.items():
        add_row(table, name, f"{s.n:,}", f"{s.passed:,}", score(s.rate), interval(s.low, s.high))
    lines = [
        line
        for name, result in behaviour.suites.items()
        for failure in result.failures
        for line in _lines(name, failure)
    ]
    parts: list[RenderableType] = [
        Text(f"{behaviour.run} on {behaviour.data}"),
        *map(Text, lines),
        table,
    ]
    if behaviour.gates:
        parts += [gates_table(behaviour), Text(verdict(behaviour))]
    return Group(*parts)


def _lines(suite: str, failure: FailedCase) -> Iterator[str]:
    yield f"{suite}: expected {failure.expected}"
    for text, (label, probability) in zip(failure.texts, failure.answers, strict=True):
        yield f"  {label} {probability:.3f}  {text}"
