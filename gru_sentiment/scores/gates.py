"""Gates: bounds for metrics, as they are written on the command line."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gru_sentiment.errors import ConfigError, DataError
from gru_sentiment.results.evaluation import GateResult, PairedComparison
from gru_sentiment.results.metrics import MeasuredMetric

LOWER_IS_BETTER = ("loss", "brier", "ece")
LOWEST = {"mcc": -1.0}
"""The lowest value of a metric that is not 0."""
HIGHEST = {"loss": math.inf, "brier": 2.0}
"""The highest value of a metric that is not 1."""
PERCENT = 2.0
"""Above this a bound of a metric that is at most 1 is a percentage."""
DIFFERENCE = "difference"
"""The name of the difference of two accuracies, which `parse_regression` bounds."""


@dataclass(frozen=True)
class Gate:
    """A floor or a ceiling for a metric, or for one end of its 95 % interval."""

    metric: str
    bound: float
    kind: str = "floor"
    """`floor` or `ceiling`."""
    end: str | None = None
    """`lower` or `upper` end of the interval; None for the value itself."""

    def judge(self, measured: MeasuredMetric) -> GateResult:
        """Test whether a metric keeps the bound.

        Raises:
            DataError: the metric, or the interval that is tested, cannot be computed.
        """
        value, low, high = measured.value, measured.low, measured.high
        tested = {None: value, "lower": low, "upper": high}[self.end]
        if value is None or tested is None:
            raise DataError(
                f"{self.metric} cannot be computed: it needs rows of classes that have none here",
                hint="add rows of every class, or choose another metric, such as accuracy",
            )
        passed = tested >= self.bound if self.kind == "floor" else tested <= self.bound
        return GateResult(self.metric, self.kind, self.bound, self.end, value, low, high, passed)


@dataclass(frozen=True)
class Gates:
    """All gates of one evaluation."""

    bounds: Sequence[Gate] = ()
    """Of metrics, in the order in which they were given."""
    regression: Gate | None = None
    """Of the difference to another model's accuracy."""

    @classmethod
    def parse(
        cls,
        *,
        fail_under: Sequence[str] = (),
        fail_over: Sequence[str] = (),
        max_regression: str | None = None,
        compared: bool = False,
    ) -> Gates:
        """Read the gates of a command line.

        Args:
            fail_under: floors, see `parse_floor`.
            fail_over: ceilings, see `parse_ceiling`.
            max_regression: see `parse_regression`.
            compared: whether there is another model to compare with.

        Raises:
            ConfigError: a gate that cannot be read, or a regression without another model.
        """
        bounds = [*map(parse_floor, fail_under), *map(parse_ceiling, fail_over)]
        if max_regression is None:
            return cls(bounds)
        if not compared:
            raise ConfigError(
                "--max-regression: there is nothing to compare with",
                hint="name a run or saved predictions with --against",
            )
        return cls(bounds, parse_regression(max_regression))

    @property
    def metrics(self) -> list[str]:
        """Names of the metrics that have bounds."""
        return [gate.metric for gate in self.bounds]

    def check_names(self, known: Sequence[str]) -> None:
        """Check that every metric with a bound exists.

        Raises:
            ConfigError: one does not.
        """
        for name in self.metrics:
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                raise ConfigError(
                    f"no metric {name!r}" + (f"; did you mean {near[0]}?" if near else ""),
                    hint=f"metrics: {', '.join(known)}",
                )

    def judge(
        self,
        measured: Mapping[str, MeasuredMetric],
        comparison: PairedComparison | None = None,
    ) -> list[GateResult]:
        """Judge every gate, in the order of the bounds and the regression last.

        Args:
            measured: all of `metrics`, by name.
            comparison: with the other model; None where there is no regression to judge.

        Raises:
            DataError: a metric that cannot be computed.
        """
        results = [gate.judge(measured[gate.metric]) for gate in self.bounds]
        if self.regression is not None and comparison is not None:
            difference = MeasuredMetric(
                DIFFERENCE, comparison.difference, comparison.low, comparison.high
            )
            results.append(self.regression.judge(difference))
        return results


def parse_floor(text: str) -> Gate:
    """Read `accuracy=0.9`, or `accuracy=0.9@lower` for the lower end of the interval.

    Raises:
        ConfigError: the text has another form, or names a metric that is better the lower it is.
    """
    gate = _parse("--fail-under", text, "floor", "lower")
    if gate.metric in LOWER_IS_BETTER:
        raise ConfigError(
            f"--fail-under {text}: {gate.metric} is better the lower it is",
            hint=f"set a ceiling: --fail-over {gate.metric}={gate.bound:g}",
        )
    return gate


def parse_ceiling(text: str) -> Gate:
    """Read `loss=0.3`, or `loss=0.3@upper` for the upper end of the interval.

    Raises:
        ConfigError: the text has another form, or names a metric that is better the higher it is.
    """
    gate = _parse("--fail-over", text, "ceiling", "upper")
    if gate.metric not in LOWER_IS_BETTER:
        raise ConfigError(
            f"--fail-over {text}: a ceiling is for {', '.join(LOWER_IS_BETTER)}",
            hint=f"set a floor: --fail-under {gate.metric}={gate.bound:g}",
        )
    return gate


def parse_regression(text: str) -> Gate:
    """Read `0.005`: accuracy may be lower by this; `0.005@lower`: the interval's lower end may.

    Raises:
        ConfigError: the text is not a number of at least 0.
    """
    bound, end = _bound(f"--max-regression {text}", text, "lower")
    if bound < 0:
        raise ConfigError(
            f"--max-regression {text}: must not be negative",
            hint="0.005 lets accuracy fall by half a point",
        )
    if bound > 1:
        raise ConfigError(
            f"--max-regression {text}: accuracy is between 0 and 1",
            hint="0.005 lets accuracy fall by half a point",
        )
    return Gate(DIFFERENCE, 0.0 - bound, end=end)  # not -0.0


def _parse(option: str, text: str, kind: str, end: str) -> Gate:
    """Read METRIC=NUMBER or METRIC=NUMBER@END; the name of a metric may hold = and @."""
    metric, _, written = text.rpartition("=")
    if not metric:
        raise ConfigError(
            f"{option} {text}: expected METRIC=NUMBER",
            hint=f"such as {'accuracy' if kind == 'floor' else 'loss'}=0.9",
        )
    bound, tested_end = _bound(f"{option} {text}", written, end)
    _check_range(option, metric, bound, written)
    return Gate(metric, bound, kind, tested_end)


def _check_range(option: str, metric: str, bound: float, written: str) -> None:
    """Refuse a percentage, and a bound that every score keeps.

    A floor just above 1 is one that no run meets, with which a pipeline can be tried.

    Raises:
        ConfigError: there is such a bound.
    """
    low, high = LOWEST.get(metric, 0.0), HIGHEST.get(metric, 1.0)
    if low <= bound <= high or high < bound <= PERCENT:
        return
    ends = f"{low:g} or more" if high == math.inf else f"between {low:g} and {high:g}"
    meant = f"{bound / 100:.2f}" if bound == round(bound) else f"{bound / 100:g}"
    _, at, end = written.partition("@")
    raise ConfigError(
        f"{option} {metric}={written}: {metric} is {ends}",
        hint=f"did you mean {metric}={meant}{at}{end}?" if 1 < bound <= 100 * high else "",
    )


def _bound(where: str, written: str, end: str) -> tuple[float, str | None]:
    """Read a number and, behind an @, the end of the interval."""
    number, at, named_end = written.partition("@")
    try:
        bound = float(number)
    except ValueError:
        bound = math.nan
    if not math.isfinite(bound) or (at and named_end != end):
        raise ConfigError(
            f"{where}: expected a number, or a number and @{end}",
            hint=f"@{end} tests the {end} end of the 95 % interval",
        )
    return bound, end if at else None
