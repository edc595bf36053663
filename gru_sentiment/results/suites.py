"""What behaviour suites came to. Plain values, as in `results`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from gru_sentiment.results.evaluation import Evaluation, GateResult
from gru_sentiment.results.predictions import Label


@dataclass(frozen=True)
class FailedCase:
    """Texts whose answers are not what was expected of them."""

    expected: str
    """In words."""
    texts: Sequence[str]
    answers: Sequence[tuple[Label, float]]
    """A class and its probability for every text: the class that the case is about, or the answer
    where any would do."""


@dataclass(frozen=True)
class SuiteResult:
    """How many cases of a suite a run passes."""

    n: int
    passed: int
    low: float
    high: float
    """Wilson's 95 % interval of the pass rate."""
    failures: Sequence[FailedCase]

    @property
    def rate(self) -> float:
        """Share of the cases that passed."""
        return self.passed / self.n

    def to_json(self) -> dict[str, Any]:
        """The same as JSON values."""
        return {"rate": self.rate, **asdict(self)}


@dataclass(frozen=True)
class Behaviour:
    """A run and what it makes of suites, by name."""

    run: str
    suites: dict[str, SuiteResult]
    gates: list[GateResult] = field(default_factory=list)
    elapsed_s: float = 0.0

    data = "behaviour suites"
    """Where an evaluation names its rows."""

    @property
    def failed(self) -> list[GateResult]:
        """Gates that were not met."""
        return [gate for gate in self.gates if not gate.passed]

    def to_json(self) -> dict[str, Any]:
        """The same as JSON values."""
        gates = {"gates": [asdict(gate) for gate in self.gates]} if self.gates else {}
        suites = {name: result.to_json() for name, result in self.suites.items()}
        return {"run": self.run, "suites": suites, **gates}


Judged = Evaluation | Behaviour
"""What gates are held against."""
