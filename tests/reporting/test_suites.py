"""Behaviour on the terminal, in Markdown and in JUnit's XML."""

from __future__ import annotations

from io import StringIO
from xml.etree import ElementTree

from rich.console import Console

from gru_sentiment.reporting.junit import junit_xml
from gru_sentiment.reporting.markdown import behaviour_markdown
from gru_sentiment.reporting.suites import behaviour_report
from gru_sentiment.results.evaluation import GateResult
from gru_sentiment.results.suites import Behaviour, FailedCase, SuiteResult

FAILED = FailedCase(
    "more positive first",
    ["The plot was not [bold]bad.", "The plot was not good."],
    [("positive", 0.12345), ("positive", 0.5)],
)
GATES = [
    GateResult("suite.negation", "floor", 0.8, None, 0.5, 0.3, 0.7, passed=False),
    GateResult("suite.names", "floor", 0.8, "lower", 1.0, 0.9, 1.0, passed=True),
]
BEHAVIOUR = Behaviour(
    run="runs/gru",
    suites={
        "negation": SuiteResult(2, 1, 0.3, 0.7, [FAILED]),
        "names": SuiteResult(1200, 1200, 0.9, 1.0, []),
    },
    gates=GATES,
    elapsed_s=1.5,
)


def lines_of(behaviour: Behaviour) -> list[str]:
    console = Console(file=StringIO(), width=100)
    console.print(behaviour_report(behaviour))
    assert isinstance(console.file, StringIO)
    return [" ".join(line.split()) for line in console.file.getvalue().splitlines()]


def test_on_the_terminal() -> None:
    lines = lines_of(BEHAVIOUR)
    assert lines[:4] == [
        "runs/gru on behaviour suites",
        "negation: expected more positive first",
        "positive 0.123 The plot was not [bold]bad.",
        "positive 0.500 The plot was not good.",
    ]
    assert "negation 2 1 0.5000 0.3000 to 0.7000" in lines
    assert "names 1,200 1,200 1.0000 0.9000 to 1.0000" in lines
    assert "suite.negation >= 0.8 0.5 0.3000 to 0.7000 FAILED" in lines
    assert lines[-1] == "2 gates, 1 failed"
    assert not any("gate" in line for line in lines_of(Behaviour("a", BEHAVIOUR.suites)))


def test_in_markdown() -> None:
    lines = behaviour_markdown(BEHAVIOUR).splitlines()
    assert lines[0] == "### runs/gru on behaviour suites"
    assert "**2 gates, 1 failed**" in lines
    assert "| negation | 2 | 1 | 0.5000 | 0.3000 to 0.7000 |" in lines


def test_in_junit() -> None:
    root = ElementTree.fromstring(junit_xml(BEHAVIOUR, BEHAVIOUR))
    assert (root.get("tests"), root.get("failures"), root.get("time")) == ("4", "2", "3.000")
    suites = root.findall("testsuite")
    assert [suite.get("tests") for suite in suites] == ["2", "2"]
    failed, met = suites[0].findall("testcase")
    assert failed.get("name") == "suite.negation >= 0.8"
    assert failed.get("classname") == "runs/gru on behaviour suites"
    assert failed.find("failure") is not None
    assert met.find("failure") is None
