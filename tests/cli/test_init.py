"""`gru-sent init` and `gru-sent train FILE`: from a stranger's file to a run."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from gru_sentiment.cli import init as module
from gru_sentiment.cli.app import app
from gru_sentiment.cli.errors import USER_ERROR

from .conftest import Command

CSV = "Note;place;rating\n" + "".join(
    f"{text} Order {i}.;{'AB'[i // 2 % 2]};{rating}\n"
    for i in range(30)
    for text, rating in (("It works and looks lovely.", "fine"), ("It broke at once.", "poor"))
)


@pytest.fixture
def notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = Path("notes.csv")
    path.write_text(CSV, "utf-8")
    return path


def test_a_config_beside_the_user(notes: Path, gru_sent: Command) -> None:
    result = gru_sent("init", notes)
    assert result.exit_code == 0, result.output
    assert "texts: column Note; labels: column rating" in result.output
    assert result.output.endswith("config: notes.yaml\nnext: gru-sent train --config notes.yaml\n")
    assert "delimiter: ;" in Path("notes.yaml").read_text("utf-8")
    assert gru_sent("config", "check", "notes.yaml").exit_code == 0


def test_a_config_on_the_standard_output(notes: Path, gru_sent: Command) -> None:
    printed = gru_sent("init", notes, "--output", "-")
    assert printed.exit_code == 0
    assert gru_sent("init", notes).exit_code == 0
    assert printed.stdout == Path("notes.yaml").read_text("utf-8")
    assert not Path("-").exists()


def test_a_config_that_exists_stays(notes: Path, gru_sent: Command) -> None:
    Path("notes.yaml").write_text("mine", "utf-8")
    result = gru_sent("init", notes)
    assert result.exit_code == USER_ERROR
    assert (
        "notes.yaml: is there already\n  choose another --output, or add --force" in result.stderr
    )
    assert Path("notes.yaml").read_text("utf-8") == "mine"
    assert gru_sent("init", notes, "--force", "--quiet").exit_code == 0
    assert "delimiter" in Path("notes.yaml").read_text("utf-8")


def test_the_input_is_no_output(notes: Path, gru_sent: Command) -> None:
    result = gru_sent("init", notes, "--output", notes, "--force")
    assert result.exit_code == USER_ERROR
    assert "--output notes.csv: is the path of FILE too" in result.stderr
    assert notes.read_text("utf-8") == CSV


def test_unclear_columns_are_named_and_nothing_is_written(notes: Path, gru_sent: Command) -> None:
    notes.write_text(CSV.replace("rating", "remark"), "utf-8")
    result = gru_sent("init", notes)
    assert result.exit_code == USER_ERROR
    assert "several columns could hold the labels: place, remark" in result.stderr
    assert "name one with --label-column" in result.stderr
    assert not Path("notes.yaml").exists()
    assert gru_sent("init", notes, "--label-column", "remark").exit_code == 0


def test_on_a_terminal_the_user_is_asked(notes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notes.write_text(CSV.replace("rating", "remark"), "utf-8")
    monkeypatch.setattr(module, "on_terminal", lambda _: True)
    result = CliRunner().invoke(app, ["init", str(notes)], input="other\nplace\n")
    assert result.exit_code == 0, result.output
    assert "one of place, remark" in result.stderr
    assert "label_column: place" in Path("notes.yaml").read_text("utf-8")


@pytest.mark.parametrize("others", [("--config", "a.yaml"), ("--resume", "runs/a")])
def test_a_file_and_another_thing_to_train(
    others: tuple[str, str], notes: Path, gru_sent: Command
) -> None:
    result = gru_sent("train", notes, *others)
    assert result.exit_code == USER_ERROR
    assert f"notes.csv and {others[0]}: give one of the two" in " ".join(result.stderr.split())


@pytest.mark.slow
def test_from_a_file_to_a_prediction_in_two_commands(notes: Path, gru_sent: Command) -> None:
    result = gru_sent("train", notes, "--set", "training.epochs=2")
    assert result.exit_code == 0, result.output
    assert "notes.csv: 60 texts of 2 classes: fine (30), poor (30)" in result.stderr
    assert "run folder: runs/notes" in result.output
    result = gru_sent("predict", "It looks lovely, and it works.")
    assert "fine" in result.output


def test_a_yaml_file_is_a_config(tiny_config: Path, gru_sent: Command) -> None:
    output = tiny_config.parent / "run"
    assert gru_sent("train", tiny_config, "--output", output).exit_code == 0
    assert (output / "config.yaml").is_file()
