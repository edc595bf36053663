"""Bounds that a metric must keep, as they are written on the command line."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gru_sentiment.errors import ConfigError, DataError
from gru_sentiment.results.evaluation import GateResult
from gru_sentiment.results.metrics import Measured

LOWER_IS_BETTER = ("loss", "brier", "ece")
DIFFERENCE = "difference"
"""Of the accuracies of two models, for `parse_regression`."""


@dataclass(frozen=True)
class Gate:
    """A floor or a ceiling for a metric or, where `end` says so, for an end of its interval."""

    metric: str
    bound: float
    kind: str = "floor"
    end: str | None = None

    def judge(self, measured: Measured) -> GateResult:
        """Hold what was measured against the bound.

        Raises:
            DataError: the metric, or its interval where that is meant, cannot be computed.
        """
        value, low, high = measured.value, measured.low, measured.high
        held = {None: value, "lower": low, "upper": high}[self.end]
        if value is None or held is None:
            raise DataError(
                f"{self.metric} cannot be computed: it needs rows of classes that have none here",
                hint="add rows of every class, or choose another metric, such as accuracy",
            )
        passed = held >= self.bound if self.kind == "floor" else held <= self.bound
        return GateResult(self.metric, self.kind, self.bound, self.end, value, low, high, passed)


def parse_floor(text: str) -> Gate:
    """`accuracy=0.9`, or `accuracy=0.9@lower` for the lower end of the interval.

    Raises:
        ConfigError: not of that form, or a metric that is better the lower it is.
    """
    gate = _parse("--fail-under", text, "floor", "lower")
    if gate.metric in LOWER_IS_BETTER:
        raise ConfigError(
            f"--fail-under {text}: {gate.metric} is better the lower it is",
            hint=f"set a ceiling: --fail-over {gate.metric}={gate.bound:g}",
        )
    return gate


def parse_ceiling(text: str) -> Gate:
    """`loss=0.3`, or `loss=0.3@upper` for the upper end of the interval.

    Raises:
        ConfigError: not of that form, or a metric that is better the higher it is.
    """
    gate = _parse("--fail-over", text, "ceiling", "upper")
    if gate.metric not in LOWER_IS_BETTER:
        raise ConfigError(
            f"--fail-over {text}: a ceiling is for {', '.join(LOWER_IS_BETTER)}",
            hint=f"set a floor: --fail-under {gate.metric}={gate.bound:g}",
        )
    return gate


def parse_regression(text: str) -> Gate:
    """`0.005`: accuracy may be that much lower; `0.005@lower`: so may the interval's lower end.

    Raises:
        ConfigError: not a number from 0 on.
    """
    bound, end = _bound(f"--max-regression {text}", text, "lower")
    if bound < 0:
        raise ConfigError(
            f"--max-regression {text}: must not be negative",
            hint="0.005 lets accuracy fall by half a point",
        )
    return Gate(DIFFERENCE, 0.0 - bound, end=end)  # not -0.0


def check_names(gates: Sequence[Gate], known: Sequence[str]) -> None:
    """That all gates are for metrics that there are.

    Raises:
        ConfigError: one is not.
    """
    for gate in gates:
        if gate.metric not in known:
            near = difflib.get_close_matches(gate.metric, known, n=1)
            raise ConfigError(
                f"no metric {gate.metric!r}" + (f"; did you mean {near[0]}?" if near else ""),
                hint=f"metrics: {', '.join(known)}",
            )


def judge(gates: Sequence[Gate], measured: Mapping[str, Measured]) -> list[GateResult]:
    """What came of the gates, in their order.

    Raises:
        DataError: a metric that cannot be computed.
    """
    return [gate.judge(measured[gate.metric]) for gate in gates]


def _parse(option: str, text: str, kind: str, end: str) -> Gate:
    """METRIC=NUMBER or METRIC=NUMBER@END; a metric's name may hold = and @ itself."""
    metric, _, written = text.rpartition("=")
    if not metric:
        raise ConfigError(
            f"{option} {text}: expected METRIC=NUMBER",
            hint=f"such as {'accuracy' if kind == 'floor' else 'loss'}=0.9",
        )
    bound, given_end = _bound(f"{option} {text}", written, end)
    return Gate(metric, bound, kind, given_end)


def _bound(where: str, written: str, end: str) -> tuple[float, str | None]:
    """A number, and the end of the interval if it is meant."""
    number, at, given_end = written.partition("@")
    try:
        bound = float(number)
    except ValueError:
        bound = math.nan
    if not math.isfinite(bound) or (at and given_end != end):
        raise ConfigError(
            f"{where}: expected a number, or a number and @{end}",
            hint=f"@{end} holds the {end} end of the 95 % interval against it",
        )
    return bound, end if at else None
