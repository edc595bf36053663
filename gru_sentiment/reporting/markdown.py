"""Evaluations and behaviour as Markdown, as a CI server shows it with the job."""

from __future__ import annotations

import re

from gru_sentiment.reporting.cells import (
    Cells,
    gate_cells,
    slice_cells,
    suite_cells,
    threshold_cells,
)
from gru_sentiment.reporting.numbers import interval, score
from gru_sentiment.reporting.wording import (
    absent_lines,
    comparison_lines,
    slice_title,
    threshold_line,
    verdict,
)
from gru_sentiment.results.evaluation import Evaluation
from gru_sentiment.results.metrics import Metrics
from gru_sentiment.results.suites import Behaviour, Judged

SPECIAL = re.compile(
    r"""[\\`*\[\]<|~$]           # code, emphasis, links, tags, cells, strikethrough, formulas
    | (?<!\w)_ | _(?!\w)      # emphasis; within a word it is none
    | & (?=[\w\#]+;)         # &amp;
    | @ (?=\w)               # somebody's name
    | \# (?=\d)              # an issue
    | (?<=\ )\#(?=\#*$)      # the end of a heading
    | : (?=[\w+-]+:)         # :smile:
    """,
    re.VERBOSE,
)
"""What Markdown, or GitHub's, could read as more than text."""
AT_THE_START = re.compile(r"^([-+>#=]|\d+(?=[.)]\s))")
"""What begins a list, a quotation or a heading."""


def evaluation_markdown(evaluation: Evaluation) -> str:
    """Verdict, gates, metrics, classes without rows, comparison, slices and threshold."""
    blocks = [*_head(evaluation), _table(_metric_cells(evaluation.metrics))]
    blocks += map(_paragraph, absent_lines({evaluation.data: evaluation.metrics}))
    if evaluation.against:
        blocks += map(_paragraph, comparison_lines(evaluation.against))
    for name, scores in evaluation.slices.items():
        blocks += [f"**{_text(slice_title(name))}**", _table(slice_cells("slice", scores))]
    if found := evaluation.threshold:
        blocks += [_paragraph(threshold_line(found)), _table(threshold_cells(found))]
    return _joined(blocks)


def behaviour_markdown(behaviour: Behaviour) -> str:
    """Verdict, gates and the pass rate of every suite."""
    return _joined([*_head(behaviour), _table(suite_cells(behaviour.suites))])


def _head(judged: Judged) -> list[str]:
    """What was scored and, where there are gates, the verdict and a table of them."""
    title = f"### {_text(judged.run)} on {_text(judged.data)}"
    if not judged.gates:
        return [title]
    return [title, f"**{verdict(judged)}**", _table(gate_cells(judged.gates))]


def _metric_cells(metrics: Metrics) -> Cells:
    accuracy = f"{score(metrics.accuracy)} ({interval(*metrics.accuracy_interval)})"
    others = {
        "macro F1": metrics.macro_f1,
        **({} if metrics.micro_f1 is None else {"micro F1": metrics.micro_f1}),
        "ROC AUC": metrics.roc_auc,
        "loss": metrics.loss,
        "ECE": metrics.ece,
    }
    return Cells(
        ("reviews", "accuracy (95 % interval)", *others),
        [(f"{metrics.n:,}", accuracy, *map(score, others.values()))],
    )


def _table(cells: Cells) -> str:
    lines = [cells.head, tuple("---" for _ in cells.head), *cells.rows]
    texts = [[cell if cell == "---" else _text(cell) for cell in line] for line in lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in texts)


def _joined(blocks: list[str]) -> str:
    """Blocks with an empty line behind each, so that another text can follow."""
    return "\n\n".join(blocks) + "\n\n"


def _paragraph(text: str) -> str:
    """A line of its own that is shown as it is."""
    return AT_THE_START.sub(_escaped, _text(text))


def _text(text: str) -> str:
    """A text within a line that is shown as it is."""
    return SPECIAL.sub(r"\\\g<0>", " ".join(text.split()))


def _escaped(start: re.Match[str]) -> str:
    sign = start.group()
    return f"{sign}\\" if sign.isdigit() else f"\\{sign}"
