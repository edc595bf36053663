"""The program as a whole: its commands, what it loads, how it ends."""

from __future__ import annotations

import os
import platform
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import typer
from typer.testing import Result

import gru_sentiment
from gru_sentiment.cli.app import app
from gru_sentiment.cli.examples import EXAMPLES

ROOT = Path(gru_sentiment.__file__).parents[1]
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
        (["config", "check"], ["FILE", "--set"]),
        (["config", "show"], ["FILE", "--set"]),
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


def test_version_with_the_path_that_a_model_takes_here(gru_sent: Callable[..., Result]) -> None:
    result = gru_sent("--version", "--verbose")
    lines = dict(line.split(": ", 1) for line in result.stdout.splitlines())
    assert result.exit_code == 0
    assert lines["gru-sent"] == gru_sentiment.__version__
    assert lines["Python"] == platform.python_version()
    assert lines["torch"] == torch.__version__
    assert lines["training multiplies in"].startswith(("float32", "bfloat16"))
    for name in ("device", "processor", "recurrent layers", "float32 matrix products on the CPU"):
        assert lines[name]


def test_verbose_is_for_the_version_alone(gru_sent: Callable[..., Result]) -> None:
    for arguments in (["--verbose"], ["--verbose", "runs"]):
        result = gru_sent(*arguments)
        assert result.exit_code == 2
        assert "--verbose: is for --version alone" in result.stderr


def leaves(command: Any, *names: str) -> Iterator[str]:
    """Every command of the program that is no group, such as `config check`."""
    for name, child in getattr(command, "commands", {"": None}).items():
        if child is None:
            yield " ".join(names)
        else:
            yield from leaves(child, *names, name)


def test_every_command_has_an_example() -> None:
    assert set(EXAMPLES) == set(leaves(typer.main.get_command(app)))
    assert all(EXAMPLES.values())


@pytest.mark.parametrize("command", EXAMPLES)
def test_help_shows_the_examples_whole_at_80_columns(
    gru_sent: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    shown = [line.strip() for line in gru_sent(*command.split(), "--help").stdout.splitlines()]
    for what, typed in EXAMPLES[command]:
        assert f"# {what}:" in shown
        assert typed in shown


@pytest.mark.parametrize("example", [t for of in EXAMPLES.values() for _, t in of])
def test_every_example_is_understood(gru_sent: Callable[..., Result], example: str) -> None:
    # without runs and data all end with an error, but not with one of the command line
    program, *arguments = shlex.split(example)
    configs = [word for word in arguments if word.startswith("configs/")]
    assert all((ROOT / config).is_file() for config in configs)
    result = gru_sent(*arguments)
    assert program == "gru-sent"
    assert "Usage:" not in result.output
    if arguments[0] == "predict" and "--input" not in arguments:
        assert result.exit_code == 0  # by the model in the package
    elif arguments[:2] != ["config", "schema"]:
        assert result.exit_code == 2
        assert "error: " in result.stderr
        assert re.search("no such|no finished run|not found|cannot be read", result.stderr)


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
        (["--version"], None, gru_sentiment.__version__),
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
