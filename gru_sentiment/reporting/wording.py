"""Sentences about results, the same on a terminal, in Markdown and in JUnit XML."""

from __future__ import annotations

from collections.abc import Mapping

from gru_sentiment.reporting.numbers import count_of, interval, score
from gru_sentiment.results.evaluation import (
    Against,
    BaselineGap,
    FoundThreshold,
    GateResult,
    PairedComparison,
)
from gru_sentiment.results.metrics import Calibrated, Metrics
from gru_sentiment.results.suites import Judged


def demand(gate: GateResult) -> str:
    """What a gate demands, such as `accuracy >= 0.9` or `lower end of accuracy >= 0.9`."""
    metric = f"{gate.end} end of {gate.metric}" if gate.end else gate.metric
    return f"{metric} {'>=' if gate.kind == 'floor' else '<='} {gate.bound:g}"


def outcome(gate: GateResult) -> str:
    """What was measured, such as `0.917611 (95 % interval 0.9062 to 0.9277)`."""
    return f"{gate.value:.6g} (95 % interval {interval(gate.low, gate.high)})"


def failure(gate: GateResult) -> str:
    """A gate that was not met, with value, interval and bound, in a line."""
    side = "below the floor" if gate.kind == "floor" else "above the ceiling"
    end = f"the {gate.end} end of " if gate.end else ""
    return f"{end}{gate.metric} {outcome(gate)} is {side} {gate.bound:g}"


def verdict(judged: Judged) -> str:
    """How many gates there were, and how many failed."""
    failed = len(judged.failed)
    gates = count_of(len(judged.gates), "gate")
    return f"{gates}, {failed} failed" if failed else f"{gates}, all met"


def difference(comparison: PairedComparison) -> str:
    """The difference in accuracy and its interval, with their signs."""
    low, high = comparison.low, comparison.high
    return f"{comparison.difference:+.4f}, 95 % interval {low:+.4f} to {high:+.4f}"


def changed_rows(comparison: PairedComparison) -> str:
    """How many rows were fixed and broken, and how likely that is by chance."""
    return (
        f"{comparison.fixed:,} rows fixed, {comparison.broken:,} broken; McNemar's exact test: "
        f"p = {comparison.p_value:.3g}"
    )


def comparison_lines(against: Against) -> list[str]:
    """A run compared with another model on the same rows."""
    comparison = against.comparison
    return [
        f"against {against.other} (accuracy {score(against.other_accuracy)}) on the same "
        f"{comparison.n:,} rows: difference {difference(comparison)}",
        changed_rows(comparison),
    ]


def baseline_line(gap: BaselineGap) -> str:
    """Whether a run is more accurate than the baseline beside it."""
    baseline = f"({gap.run}: {gap.accuracy:.4f})"
    if not gap.points:
        return f"as accurate as the baseline {baseline}"
    verb = "beats" if gap.points > 0 else "misses"
    return f"{verb} the baseline by {abs(gap.points):.2f} points {baseline}"


def calibration_line(calibrated: Calibrated) -> str:
    """The temperature, and what it changed on the validation split."""
    before, after = calibrated.before, calibrated.after
    if before == after:
        return f"no temperature fitted: calibration error {score(before.ece)} on validation"
    return (
        f"temperature {calibrated.temperature:.3f}: loss {score(before.log_loss)} to "
        f"{score(after.log_loss)}, calibration error {score(before.ece)} to {score(after.ece)} "
        "on validation"
    )


def threshold_line(found: FoundThreshold) -> str:
    """The threshold, what it was chosen by, and how it is used."""
    return (
        f"threshold {found.threshold!r} for {found.positive}, by {found.by} on the validation "
        f"split: gru-sent predict --threshold {found.threshold!r}"
    )


def absent_lines(metrics: Mapping[str, Metrics]) -> list[str]:
    """Which classes the averages leave out, a line for every set of rows that lacks some."""
    return [
        f"{name}: no rows of {', '.join(of.absent_classes)}; averages over the classes leave "
        f"{'it' if len(of.absent_classes) == 1 else 'them'} out"
        for name, of in metrics.items()
        if of.absent_classes
    ]


def slice_title(name: str) -> str:
    """The title of a table of slices."""
    return f"by {name}, worst first"
