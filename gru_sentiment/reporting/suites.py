"""Behaviour suites for a terminal: pass rates, and the cases that failed."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from gru_sentiment.reporting.cells import gate_cells, suite_cells
from gru_sentiment.reporting.tables import table_of
from gru_sentiment.reporting.wording import verdict
from gru_sentiment.results.suites import Behaviour, FailedCase


def behaviour_report(behaviour: Behaviour) -> RenderableType:
    """Every failed case with its predictions, a row for every suite, and the gates."""
    lines = [
        line
        for name, result in behaviour.suites.items()
        for failure in result.failures
        for line in _failure_lines(name, failure)
    ]
    blocks: list[RenderableType] = [
        Text(f"{behaviour.run} on {behaviour.data}"),
        *map(Text, lines),
        table_of(suite_cells(behaviour.suites)),
    ]
    if behaviour.gates:
        blocks += [table_of(gate_cells(behaviour.gates)), Text(verdict(behaviour))]
    return Group(*blocks)


def _failure_lines(suite: str, failure: FailedCase) -> Iterator[str]:
    yield f"{suite}: expected {failure.expected}"
    for text, (label, probability) in zip(failure.texts, failure.answers, strict=True):
        yield f"  {label} {probability:.3f}  {text}"
