"""`gru-sent evaluate` as a gate: exit codes, files for CI, and nothing written on an error."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import Result

Command = Callable[..., Result]

FILES = {
    "--json": "out.json",
    "--predictions": "out.jsonl",
    "--junit-xml": "out.xml",
    "--markdown": "out.md",
}
ALL_FILES = [word for pair in FILES.items() for word in pair]


@pytest.fixture
def summary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What GitHub would show."""
    path = tmp_path / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(path))
    return path


def test_gates_that_are_met(gru_sent: Command, run: Path, reviews_csv: Path, summary: Path) -> None:
    gates = ["--fail-under", "accuracy=0.1", "--fail-under", "f1.positive=0", "--fail-over"]
    result = gru_sent("evaluate", run, "--data", reviews_csv, *gates, "loss=9@upper", *ALL_FILES)
    assert result.exit_code == 0, result.output
    assert "failed" not in result.stderr
    assert "3 gates, all met" in result.stdout
    scores = json.loads(Path("out.json").read_text("utf-8"))
    assert [(gate["metric"], gate["passed"]) for gate in scores["gates"]] == [
        ("accuracy", True),
        ("f1.positive", True),
        ("loss", True),
    ]
    lines = [json.loads(line) for line in Path("out.jsonl").read_text("utf-8").splitlines()]
    assert [line["row"] for line in lines] == list(range(1, 81))
    assert set(lines[0]) == {
        *("row", "true", "label", "probabilities", "tokens", "unknown_share", "truncated")
    }
    right = sum(line["true"] == line["label"] for line in lines)
    assert right / 80 == scores["accuracy"]
    assert ElementTree.parse("out.xml").getroot().get("failures") == "0"
    markdown = Path("out.md").read_text("utf-8")
    assert "**3 gates, all met**" in markdown
    assert summary.read_text("utf-8") == markdown


def test_gates_that_are_not_met(
    gru_sent: Command, run: Path, reviews_csv: Path, summary: Path
) -> None:
    gates = ["--fail-under", "accuracy=1@lower", "--fail-under", "recall.negative=0"]
    gates += ["--fail-over", "brier=0", "--fail-under", "roc_auc=1.01"]
    result = gru_sent("evaluate", run, "--data", reviews_csv, *gates, *ALL_FILES)
    assert result.exit_code == 3
    failed = [line for line in result.stderr.splitlines() if line.startswith("failed: ")]
    scores = json.loads(Path("out.json").read_text("utf-8"))
    low, high = scores["accuracy_interval"]
    assert failed[0] == (
        f"failed: the lower end of accuracy {scores['accuracy']:.6g} "
        f"(95 % interval {low:.4f} to {high:.4f}) is below the floor 1"
    )
    assert failed[1].startswith("failed: roc_auc ")
    assert failed[2].startswith("failed: brier ")
    assert failed[2].endswith(" is above the ceiling 0")
    assert len(failed) == 3
    cases = ElementTree.parse("out.xml").getroot()[0]
    assert [(case.get("name"), case.find("failure") is not None) for case in cases] == [
        ("lower end of accuracy >= 1", True),
        ("recall.negative >= 0", False),
        ("roc_auc >= 1.01", True),
        ("brier <= 0", True),
    ]
    assert "4 gates, 3 failed" in summary.read_text("utf-8")
    assert "4 gates, 3 failed" in result.stdout


def test_a_failing_gate_keeps_json_alone_on_the_output(gru_sent: Command, run: Path) -> None:
    result = gru_sent("evaluate", run, "--fail-under", "accuracy=2", "--json", "-", "--quiet")
    assert result.exit_code == 3
    assert json.loads(result.stdout)["gates"][0]["passed"] is False
    assert len(result.stderr.splitlines()) == 1


def test_against_itself_nothing_changes(gru_sent: Command, run: Path, reviews_csv: Path) -> None:
    words = ["evaluate", run, "--data", reviews_csv]
    assert gru_sent(*words, "--predictions", "saved.jsonl").exit_code == 0
    for other in (run, "saved.jsonl"):
        result = gru_sent(*words, "--against", other, "--max-regression", "0", "--json", "-")
        assert result.exit_code == 0, result.output
        found = json.loads(result.stdout)["against"]
        assert found["comparison"]["difference"] == 0
        assert (found["fixed_rows"], found["broken_rows"]) == ([], [])


def test_slices_in_every_output(
    gru_sent: Command, run: Path, reviews_csv: Path, tmp_path: Path
) -> None:
    header, *lines = reviews_csv.read_text("utf-8").splitlines()
    rows = [f"{line},{['drama', 'comedy', ''][i % 3]}" for i, line in enumerate(lines)]
    (tmp_path / "g.csv").write_text("\n".join([f"{header},genre", *rows]) + "\n", "utf-8")
    slices = ["--slice", "length", "--slice", "genre"]
    result = gru_sent("evaluate", run, "--data", "g.csv", *slices, *ALL_FILES)
    assert result.exit_code == 0, result.output
    found = json.loads(Path("out.json").read_text("utf-8"))["slices"]
    assert {score["name"] for score in found["genre"]} == {"drama", "comedy", "(empty)"}
    for scores in found.values():
        assert sum(score["n"] for score in scores) == 80
        assert [s["accuracy"] for s in scores] == sorted(s["accuracy"] for s in scores)
    for text in (result.stdout, Path("out.md").read_text("utf-8")):
        assert "by genre, worst first" in text
        assert "by length, worst first" in text
        assert "comedy" in text


BAD = {
    "unknown metric": (["--fail-under", "acuracy=1"], "did you mean accuracy?"),
    "unknown class": (["--fail-under", "f1.neutral=1"], "f1.negative, precision.positive"),
    "no number": (["--fail-under", "accuracy"], "expected METRIC=NUMBER"),
    "a floor for a loss": (["--fail-under", "loss=0.3"], "--fail-over loss=0.3"),
    "a regression against nothing": (["--max-regression", "0.1"], "--against"),
    "nothing to compare with": (["--against", "nothing"], "nothing: cannot be read"),
    "predictions of other rows": (
        ["--against", "runs/tiny/predictions-validation.jsonl"],
        "holds 16 rows and 80 are scored",
    ),
    "a column that is not there": (["--slice", "genre"], "columns found: text, label"),
    "too many slices": (["--data", "many.csv", "--slice", "text"], "101 different values"),
    "one class only": (["--data", "one.csv", "--fail-under", "roc_auc=0"], "cannot be computed"),
    "no rows of the class": (
        ["--data", "one.csv", "--fail-under", "f1.positive=0"],
        "f1.positive cannot be computed",
    ),
    "an empty file": (["--data", "empty.csv"], "the input is empty"),
    "a folder in the way": (["--markdown", "runs"], "--markdown runs: cannot be written"),
    "one name for two": (["--markdown", "out.json"], "is the path of --json too"),
    "the data in the way": (["--json", "reviews.csv"], "is the path of --data too"),
}


@pytest.mark.usefixtures("summary")
@pytest.mark.parametrize("row", BAD)
def test_bad_input_writes_nothing(
    gru_sent: Command, run: Path, reviews_csv: Path, tmp_path: Path, row: str
) -> None:
    words, says = BAD[row]
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "one.csv").write_text("text,label\ngreat,negative\nawful,negative\n")
    many = "".join(f"text {i},negative\n" for i in range(101))
    (tmp_path / "many.csv").write_text(f"text,label\n{many}")
    before = sorted(path.name for path in tmp_path.iterdir())
    given = [] if "--data" in words else ["--data", reviews_csv]
    result = gru_sent("evaluate", run, *given, *ALL_FILES, *words)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "error: " in result.stderr
    assert says in result.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_two_runs_with_other_labels(
    gru_sent: Command, run: Path, tiny_config: Path, reviews_csv: Path
) -> None:
    text = reviews_csv.read_text("utf-8")
    Path("other.csv").write_text(text.replace(",negative", ",bad").replace(",positive", ",good"))
    train = ["train", "-c", tiny_config, "-q", "--output", "runs/other"]
    assert gru_sent(*train, "--set", "data.path=other.csv").exit_code == 0
    words = ["--against", "runs/other", "--json", "out.json"]
    result = gru_sent("evaluate", run, "--data", reviews_csv, *words)
    assert result.exit_code == 2
    assert "runs/other: has the classes bad, good; runs/tiny has negative, positive" in (
        result.stderr
    )
    assert not Path("out.json").exists()


def test_a_column_needs_a_file(gru_sent: Command, run: Path) -> None:
    result = gru_sent("evaluate", run, "--slice", "genre")
    assert result.exit_code == 2
    assert "add --data FILE, or slice by length" in result.stderr
    assert gru_sent("evaluate", run, "--slice", "length").exit_code == 0
