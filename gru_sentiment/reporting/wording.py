"""What an evaluation found, in words: the same on the terminal, in Markdown and in JUnit's XML."""

from __future__ import annotations

from collections.abc import Mapping

from gru_sentiment.results.evaluation import Against, FoundThreshold, GateResult
from gru_sentiment.results.metrics import Calibrated, Metrics
from gru_sentiment.results.suites import Judged


def score(value: float | None) -> str:
    """A score to four digits."""
    return "n/a" if value is None else f"{value:.4f}"


def interval(low: float | None, high: float | None) -> str:
    """Both ends."""
    return "n/a" if low is None or high is None else f"{low:.4f} to {high:.4f}"


def demand(gate: GateResult) -> str:
    """What a gate asks for, such as `accuracy >= 0.9` or `lower end of accuracy >= 0.9`."""
    metric = f"{gate.end} end of {gate.metric}" if gate.end else gate.metric
    return f"{metric} {'>=' if gate.kind == 'floor' else '<='} {gate.bound:g}"


def outcome(gate: GateResult) -> str:
    """What was found, such as `0.917611 (95 % interval 0.9062 to 0.9277)`."""
    return f"{gate.value:.6g} (95 % interval {interval(gate.low, gate.high)})"


def failure(gate: GateResult) -> str:
    """A gate that was not met, with value, bound and interval, in a line."""
    side = "below its floor" if gate.kind == "floor" else "above its ceiling"
    held = f", its {gate.end} end" if gate.end else ""
    return f"{gate.metric} {outcome(gate)}{held} {side} {gate.bound:g}"


def verdict(judged: Judged) -> str:
    """How many gates there were, and how many failed."""
    n, failed = len(judged.gates), len(judged.failed)
    gates = "1 gate" if n == 1 else f"{n} gates"
    return f"{gates}, {failed} failed" if failed else f"{gates}, all met"


def comparison_lines(against: Against) -> list[str]:
    """The paired comparison in sentences."""
    found = against.comparison
    return [
        f"against {against.other} (accuracy {score(against.other_accuracy)}) on the same "
        f"{found.n:,} rows: difference {found.difference:+.4f}, 95 % interval {found.low:+.4f} to "
        f"{found.high:+.4f}",
        f"{found.fixed:,} rows fixed, {found.broken:,} broken; McNemar's exact test: p = "
        f"{found.p_value:.3g}",
    ]


def calibration_line(found: Calibrated) -> str:
    """The temperature, and what it did to the validation part's loss and calibration error."""
    before, after = found.before, found.after
    return (
        f"temperature {found.temperature:.3f}: loss {score(before.log_loss)} to "
        f"{score(after.log_loss)}, calibration error {score(before.ece)} to {score(after.ece)} "
        "on validation"
    )


def threshold_line(found: FoundThreshold) -> str:
    """The threshold, and what it was chosen by."""
    return (
        f"threshold {found.threshold!r} for {found.positive}, by {found.by} on the validation "
        f"part: gru-sent predict --threshold {found.threshold!r}"
    )


def threshold_columns(found: FoundThreshold) -> tuple[str, ...]:
    """Heads of a table of what a threshold does."""
    scores = (f"{name} of {found.of}" for name in ("precision", "recall", "f1"))
    return ("rows", "threshold", "accuracy", *scores)


def threshold_rows(found: FoundThreshold) -> list[tuple[str, ...]]:
    """Cells of that table."""
    return [
        (
            s.data,
            repr(s.threshold),
            score(s.accuracy),
            score(s.precision),
            score(s.recall),
            score(s.f1),
        )
        for s in found.scores
    ]


def absent_lines(metrics: Mapping[str, Metrics]) -> list[str]:
    """Which classes the averages leave out, a line for every set of rows that lacks some."""
    return [
        f"{name}: no rows of {', '.join(of.absent_classes)}; averages over the classes leave "
        f"{'it' if len(of.absent_classes) == 1 else 'them'} out"
        for name, of in metrics.items()
        if of.absent_classes
    ]


def slice_title(name: str) -> str:
    """Heads a table of slices."""
    return f"by {name}, worst first"
