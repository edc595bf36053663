"""The results of behaviour suites."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from gru_sentiment.results.evaluation import Evaluation, GateResult
from gru_sentiment.results.predictions import Label


@dataclass(frozen=True)
class FailedCase:
    """Texts whose predictions are not the expected ones."""

    expected: str
    """The expectation in words."""
    texts: Sequence[str]
    answers: Sequence[tuple[Label, float]]
    """A class and its probability for every text: the class that the case is about, or the
    predicted one where the case names none."""


@dataclass(frozen=True)
class SuiteResult:
    """How many cases of a suite a run passes."""

    n: int
    """Cases."""
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
    """A run's results on behaviour suites."""

    run: str
    """The run folder."""
    suites: dict[str, SuiteResult]
    """By name."""
    gates: list[GateResult] = field(default_factory=list)
    elapsed_s: float = 0.0
    """Seconds that the predictions took."""

    data = "behaviour suites"
    """What was scored, as an `Evaluation` names it."""

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
"""What gates are judged on."""
