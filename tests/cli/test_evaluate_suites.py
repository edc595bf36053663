"""`gru-sent evaluate --suite`: alone, with gates, and beside scored rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import Result

from gru_sentiment.suites.files import BUILT_IN

Command = Callable[..., Result]
MET, MISSED = "suite.names=0", "suite.names=1.01"


def test_suites_alone_need_no_data(gru_sent: Command, run: Path, reviews_csv: Path) -> None:
    reviews_csv.unlink()
    result = gru_sent("evaluate", run, "--suite", "all")
    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith(f"{run} on behaviour suites\n")
    for name in BUILT_IN:
        assert f"\n  {name} " in result.stdout
    assert "accuracy" not in result.stdout


def test_help_names_every_suite(gru_sent: Command) -> None:
    words = " ".join(gru_sent("evaluate", "--help").stdout.replace("│", " ").split())
    assert ", ".join(BUILT_IN) in words


def test_gates_and_files(gru_sent: Command, run: Path) -> None:
    files = ["--json", "a.json", "--junit-xml", "a.xml", "--markdown", "a.md"]
    gates = ["--fail-under", MET, "--fail-under", MISSED]
    result = gru_sent("evaluate", run, "--suite", "names", *gates, *files)
    assert result.exit_code == 3
    assert "failed: suite.names " in result.stderr
    assert "2 gates, 1 failed" in result.stdout
    values = json.loads(Path("a.json").read_text("utf-8"))
    assert list(values["suites"]) == ["names"]
    assert [gate["passed"] for gate in values["gates"]] == [True, False]
    root = ElementTree.parse("a.xml").getroot()
    assert (root.get("tests"), root.get("failures")) == ("2", "1")
    assert "suite.names" in Path("a.md").read_text("utf-8")
    assert gru_sent("evaluate", run, "--suite", "names", "--fail-under", MET).exit_code == 0


def test_beside_scored_rows(gru_sent: Command, run: Path) -> None:
    gates = ["--fail-under", "accuracy=0", "--fail-under", MISSED]
    both = ["--split", "validation", "--suite", "names", "--json", "a.json", "--junit-xml", "a.xml"]
    result = gru_sent("evaluate", run, *both, *gates)
    assert result.exit_code == 3
    assert f"{run} on validation\n" in result.stdout
    assert f"{run} on behaviour suites\n" in result.stdout
    values = json.loads(Path("a.json").read_text("utf-8"))
    assert values["n"] == 16
    assert values["data"] == "validation"
    assert list(values["suites"]) == ["names"]
    assert [gate["metric"] for gate in values["gates"]] == ["accuracy", "suite.names"]
    suites = ElementTree.parse("a.xml").getroot().findall("testsuite")
    assert [suite.get("tests") for suite in suites] == ["1", "1"]


def test_a_file_of_the_users_own(gru_sent: Command, run: Path) -> None:
    own = 'name: own\ntemplates: [{expect: same, texts: ["Great.", "Great."]}]'
    Path("own.yaml").write_text(own, "utf-8")
    found = gru_sent("evaluate", run, "--suite", "own.yaml", "--json", "-")
    assert json.loads(found.stdout)["suites"]["own"]["rate"] == 1.0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--suite", "odd"], "--suite odd: no such suite"),
        (["--suite", "odd.yaml"], "--suite odd.yaml: no such file"),
        (["--suite", "names", "--fail-under", "suite.typos=1"], "no metric 'suite.typos'"),
        (["--suite", "names", "--fail-under", "accuracy=1"], "--suite alone scores no rows"),
        (["--suite", "names", "--against", "runs/tiny"], "--against: --suite alone scores no"),
        (["--suite", "names", "--slice", "length"], "--slice: --suite alone scores no rows"),
        (["--suite", "names", "--predictions", "p.jsonl"], "--predictions: --suite alone"),
        (["--fail-under", "suite.names=1"], "no suite is checked"),
    ],
)
def test_what_does_not_fit_writes_nothing(
    gru_sent: Command, run: Path, arguments: list[str], says: str
) -> None:
    result = gru_sent("evaluate", run, *arguments, "--json", "a.json")
    assert result.exit_code == 2
    assert says in result.stderr
    assert result.stdout == ""
    assert not Path("a.json").exists()
    assert not Path("p.jsonl").exists()
