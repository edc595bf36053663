"""The program as a whole: its commands, what it loads, how it ends."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

import gru_sentiment

COMMANDS = ["train", "evaluate", "predict", "runs", "compare", "config", "data"]

# the program, and then which of the slow libraries it has loaded
LOADED = """\
import sys
from gru_sentiment.cli.app import main
sys.argv[0] = "gru-sent"
try:
    main()
finally:
    print("loaded:", *sorted({"torch", "spacy"} & set(sys.modules)), file=sys.stderr)
"""


@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help_names_every_command(gru_sent: Callable[..., Result], flag: str) -> None:
    result = gru_sent(flag)
    assert result.exit_code == 0
    for command in COMMANDS:
        assert f" {command} " in result.stdout


@pytest.mark.parametrize(
    ("command", "options"),
    [
        (["train"], ["--config", "--set", "--output", "--device", "--quiet", "--force"]),
        (["evaluate"], ["--split", "--data", "--json", "--device", "--fail-under", "--against"]),
        (
            ["predict"],
            ["--run", "--json", "--device", "--input", "--output", "--format", "--resume"],
        ),
        (["runs"], ["--sort", "--filter", "--json"]),
        (["compare"], ["RUN", "--json"]),
        (["config", "check"], ["YAML config", "--set"]),
        (["config", "show"], ["YAML config", "--set"]),
        (["data", "check"], ["--config", "--json"]),
    ],
)
def test_help_of_a_command_names_its_options(
    gru_sent: Callable[..., Result], command: list[str], options: list[str]
) -> None:
    result = gru_sent(*command, "--help")
    assert result.exit_code == 0
    for option in options:
        assert option in result.stdout
    assert "--debug" in result.stdout


def test_version(gru_sent: Callable[..., Result]) -> None:
    result = gru_sent("--version")
    assert (result.exit_code, result.stdout) == (0, f"{gru_sentiment.__version__}\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["train"],
        ["predict"],
        ["predict", "x", "--nonsense"],
        ["train", "--config", "c.yaml", "--device", "tpu"],
        ["train", "--config", "c.yaml", "--threads", "0"],
        ["evaluate", "--split", "train"],
    ],
)
def test_wrong_arguments_are_the_users_error(
    gru_sent: Callable[..., Result], arguments: list[str], tmp_path: Path
) -> None:
    result = gru_sent(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "Usage: gru-sent" in result.stderr
    assert not (tmp_path / "runs").exists()


def test_no_command_shows_the_help(gru_sent: Callable[..., Result]) -> None:
    result = gru_sent()
    assert "Usage: gru-sent" in result.output
    assert "Train a classifier" in result.output


@pytest.mark.parametrize(
    ("arguments", "completed", "expected"),
    [
        (["--help"], None, "predict"),
        (["train", "--help"], None, "--config"),
        (["config", "check", "tiny.yaml"], None, "valid"),
        ([], "gru-sent tr", "train"),
        ([], "gru-sent train --dev", "--device"),
        ([], "gru-sent evaluate --split ", "validation"),
    ],
)
def test_help_and_completion_load_neither_torch_nor_spacy(
    tiny_config: Path, arguments: list[str], completed: str | None, expected: str
) -> None:
    environment = dict(os.environ)
    if completed is not None:
        # what the shell's completion script sets
        environment["_GRU_SENT_COMPLETE"] = "complete_bash"
        environment["COMP_WORDS"] = completed
        environment["COMP_CWORD"] = str(len(completed.split(" ")) - 1)
    done = subprocess.run(
        [sys.executable, "-c", LOADED, *arguments],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert expected in done.stdout
    assert done.stderr == "loaded:\n"


def test_completion_is_what_the_installed_script_asks_for(
    gru_sent: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    # the tests need not have been started from a shell
    monkeypatch.setattr("shellingham.detect_shell", lambda *_: ("bash", "/bin/bash"))
    result = gru_sent("--show-completion", "bash")
    assert result.exit_code == 0
    assert "_COMPLETE=complete_bash" in result.stdout
