"""Tables as text, the same for a terminal and for Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gru_sentiment.reporting.numbers import interval, score
from gru_sentiment.reporting.wording import demand
from gru_sentiment.results.evaluation import FoundThreshold, GateResult, SliceScore
from gru_sentiment.results.suites import SuiteResult

INTERVAL = "95 % interval"


@dataclass(frozen=True)
class Cells:
    """A table: its head, and rows of as many cells. The first column holds names."""

    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


def gate_cells(gates: Sequence[GateResult]) -> Cells:
    """A row for every gate: what it demands, what was measured, whether it is met."""
    return Cells(
        ("gate", "value", INTERVAL, ""),
        [
            (demand(g), f"{g.value:.6g}", interval(g.low, g.high), "met" if g.passed else "FAILED")
            for g in gates
        ],
    )


def slice_cells(title: str, scores: Sequence[SliceScore]) -> Cells:
    """A row for every slice: its rows and the accuracy on them."""
    return Cells(
        (title, "rows", "accuracy", INTERVAL),
        [(s.name, f"{s.n:,}", score(s.accuracy), interval(s.low, s.high)) for s in scores],
    )


def suite_cells(suites: Mapping[str, SuiteResult]) -> Cells:
    """A row for every behaviour suite: its cases and the share that passed."""
    return Cells(
        ("suite", "cases", "passed", "pass rate", INTERVAL),
        [
            (name, f"{s.n:,}", f"{s.passed:,}", score(s.rate), interval(s.low, s.high))
            for name, s in suites.items()
        ],
    )


def threshold_cells(found: FoundThreshold) -> Cells:
    """A row for every set of rows, at 0.5 and at the threshold."""
    of_class = (f"{name} of {found.of}" for name in ("precision", "recall", "f1"))
    return Cells(
        ("rows", "threshold", "accuracy", *of_class),
        [
            (s.data, repr(s.threshold), *map(score, (s.accuracy, s.precision, s.recall, s.f1)))
            for s in found.scores
        ],
    )
