"""An evaluation as Markdown: tables that names cannot break."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gru_sentiment.reporting.markdown import evaluation_markdown
from gru_sentiment.results.evaluation import Evaluation


def cells(row: str) -> list[str]:
    """A table's row as Markdown reads it."""
    parts = re.split(r"(?<!\\)\|", row)
    assert (parts[0], parts[-1]) == ("", "")
    return [re.sub(r"\\(.)", r"\1", part.strip()) for part in parts[1:-1]]


def test_everything_that_was_asked(evaluation: Evaluation) -> None:
    lines = evaluation_markdown(evaluation).splitlines()
    assert lines[0] == "### runs/gru on reviews.csv"
    assert "**2 gates, 1 failed**" in lines
    rows = [cells(line) for line in lines if line.startswith("|")]
    assert ["lower end of accuracy >= 0.9", "0.91", "0.8900 to 0.9300", "FAILED"] in rows
    assert ["loss <= 0.5", "0.25", "n/a", "met"] in rows
    assert ["2,000", "0.9100 (0.8900 to 0.9300)", "0.9050", "n/a", "0.2500", "0.0200"] in rows
    assert rows[-8:-6] == [
        ["horror|[b]", "20", "0.5000", "0.2990 to 0.7010"],
        ["comedy", "1,980", "0.9200", "0.9080 to 0.9310"],
    ]
    assert any("30 rows fixed, 10 broken" in line for line in lines)
    assert "**by \\[genre\\], worst first**" in lines
    head = ["rows", "threshold", "accuracy", "precision of good", "recall of good", "f1 of good"]
    assert rows[-6] == head
    assert rows[-1] == ["reviews.csv", "0.62", "0.8000", "0.7000", "0.6000", "0.6462"]


def test_what_was_not_asked_is_not_there(evaluation: Evaluation) -> None:
    bare = Evaluation(evaluation.run, evaluation.data, evaluation.metrics)
    text = evaluation_markdown(bare)
    assert "gate" not in text
    assert "against" not in text
    assert "worst" not in text


def test_ends_so_that_another_can_follow(evaluation: Evaluation) -> None:
    assert evaluation_markdown(evaluation).endswith("|\n\n")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(name=st.text(max_size=20))
def test_names_stay_in_their_cells(evaluation: Evaluation, name: str) -> None:
    gates = [replace(gate, metric=name) for gate in evaluation.gates]
    slices = {name: [replace(s, name=name) for s in evaluation.slices["[genre]"]]}
    named = replace(evaluation, gates=gates, slices=slices)
    before = evaluation_markdown(evaluation).split("\n")
    after = evaluation_markdown(named).split("\n")
    assert len(before) == len(after)
    for old, new in zip(before, after, strict=True):
        if old.startswith("|"):
            assert len(cells(new)) == len(cells(old))


def test_a_name_is_shown_as_it_is(evaluation: Evaluation) -> None:
    text = evaluation_markdown(replace(evaluation, run="<b>*x*\n# y</b>"))
    assert text.startswith("### \\<b>\\*x\\* # y\\</b> on ")


def test_classes_without_rows_are_named(evaluation: Evaluation) -> None:
    metrics = replace(evaluation.metrics, absent_classes=["bad"])
    lines = evaluation_markdown(Evaluation("runs/gru", "a.csv", metrics)).splitlines()
    assert "a.csv: no rows of bad; averages over the classes leave it out" in lines


@pytest.mark.parametrize(
    "name",
    [
        *("runs/gru-2 (best)", "f1.very_good_class", "50 % > 0.9!", "a+b", "{x}", "time: 12:30"),
        *("C#", "a & b", "me@", "1. class", "- 3", "rows #x"),
    ],
)
def test_what_means_nothing_is_not_escaped(evaluation: Evaluation, name: str) -> None:
    text = evaluation_markdown(replace(evaluation, run=name))
    assert text.startswith(f"### {name} on reviews.csv")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("_a_", r"\_a\_"),
        ("a|b", r"a\|b"),
        ("&lt;", r"\&lt;"),
        ("@ann", r"\@ann"),
        ("#12", r"\#12"),
        (":smile:", r"\:smile:"),
        ("![x](y)", r"!\[x\](y)"),
        ("$x$", r"\$x\$"),
        ("`x`", r"\`x\`"),
        ("~~x~~", r"\~\~x\~\~"),
    ],
)
def test_what_would_be_more_than_text_is_escaped(
    evaluation: Evaluation, name: str, shown: str
) -> None:
    text = evaluation_markdown(replace(evaluation, run=name))
    assert text.startswith(f"### {shown} on reviews.csv")


@pytest.mark.parametrize(
    ("data", "shown"),
    [("- a.csv", r"\- a.csv"), ("2. a", r"2\. a"), ("> a", r"\> a"), ("# a", r"\# a")],
)
def test_a_line_begins_no_list(evaluation: Evaluation, data: str, shown: str) -> None:
    metrics = replace(evaluation.metrics, absent_classes=["bad"])
    lines = evaluation_markdown(Evaluation("runs/gru", data, metrics)).splitlines()
    assert f"{shown}: no rows of bad; averages over the classes leave it out" in lines
