"""An evaluation as Markdown, as a CI server shows it with the job."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from gru_sentiment.reporting.wording import (
    absent_lines,
    comparison_lines,
    demand,
    interval,
    score,
    slice_title,
    threshold_columns,
    threshold_line,
    threshold_rows,
    verdict,
)
from gru_sentiment.results.evaluation import Evaluation
from gru_sentiment.results.suites import Behaviour, Judged

SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+!|~&$@:-])")
"""What Markdown, or GitHub's, could read as more than text."""


def evaluation_markdown(evaluation: Evaluation) -> str:
    """Verdict, gates, metrics, classes without rows, comparison and slices."""
    blocks = [f"### {_text(evaluation.run)} on {_text(evaluation.data)}"]
    if evaluation.gates:
        blocks += [f"**{verdict(evaluation)}**", _gates(evaluation)]
    blocks.append(_metrics(evaluation))
    blocks += map(_text, absent_lines({evaluation.data: evaluation.metrics}))
    if evaluation.against:
        blocks += map(_text, comparison_lines(evaluation.against))
    for name, scores in evaluation.slices.items():
        rows = ((s.name, f"{s.n:,}", score(s.accuracy), interval(s.low, s.high)) for s in scores)
        blocks += [
            f"**{_text(slice_title(name))}**",
            _table(("slice", "rows", "accuracy", "95 % interval"), rows),
        ]
    if found := evaluation.threshold:
        blocks += [
            _text(threshold_line(found)),
            _table(tuple(map(_text, threshold_columns(found))), threshold_rows(found)),
        ]
    return "\n\n".join(blocks) + "\n\n"


def behaviour_markdown(behaviour: Behaviour) -> str:
    """Verdict, gates and the pass rate of every suite."""
    blocks = [f"### {_text(behaviour.run)} on {behaviour.data}"]
    if behaviour.gates:
        blocks += [f"**{verdict(behaviour)}**", _gates(behaviour)]
    rows = (
        (name, f"{s.n:,}", f"{s.passed:,}", score(s.rate), interval(s.low, s.high))
        for name, s in behaviour.suites.items()
    )
    head = ("suite", "cases", "passed", "pass rate", "95 % interval")
    return "\n\n".join([*blocks, _table(head, rows)]) + "\n\n"


def _gates(judged: Judged) -> str:
    return _table(
        ("gate", "value", "95 % interval", ""),
        (
            (demand(g), f"{g.value:.6g}", interval(g.low, g.high), "met" if g.passed else "FAILED")
            for g in judged.gates
        ),
    )


def _metrics(evaluation: Evaluation) -> str:
    metrics = evaluation.metrics
    accuracy = f"{score(metrics.accuracy)} ({interval(*metrics.accuracy_interval)})"
    return _table(
        ("reviews", "accuracy (95 % interval)", "macro F1", "ROC AUC", "loss", "ECE"),
        [
            (
                f"{metrics.n:,}",
                accuracy,
                score(metrics.macro_f1),
                score(metrics.roc_auc),
                score(metrics.loss),
                score(metrics.ece),
            )
        ],
    )


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    def lines() -> Iterator[str]:
        yield " | ".join(head)
        yield " | ".join("---" for _ in head)
        for row in rows:
            yield " | ".join(map(_text, row))

    return "\n".join(f"| {line} |" for line in lines())


def _text(text: str) -> str:
    """Text that is shown as it is, in one line."""
    return SPECIAL.sub(r"\\\1", " ".join(text.split()))
