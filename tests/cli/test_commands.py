"""A command is imported when it is called; the help still shows all of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
import typer

from gru_sentiment.cli.app import app
from gru_sentiment.cli.commands import MODULES, LazyGroup

CODE = """\
import json, sys
from gru_sentiment.cli.app import app
try:
    app(prog_name="gru-sent")
finally:
    names = {name.rsplit(".")[-1] for name in sys.modules if name.startswith("gru_sentiment.cli.")}
    print(json.dumps(sorted(names)), file=sys.stderr)
"""
FILES = set(MODULES.values())


def called(*arguments: str, **variables: str) -> tuple[str, str, set[str]]:
    """The output, the messages, and the modules of commands that were imported."""
    done = subprocess.run(
        [sys.executable, "-c", CODE, *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, **variables},
        check=False,
    )
    *messages, modules = done.stderr.splitlines()
    return done.stdout, "\n".join(messages), set(json.loads(modules)) & FILES


def test_the_commands_in_the_order_of_the_help() -> None:
    group = typer.main.get_command(app)
    assert isinstance(group, LazyGroup)
    assert list(group.commands) == list(MODULES)
    assert not group.commands.loaded
    assert group.commands["runs"].name == "runs"
    assert list(group.commands.loaded) == ["runs"]
    assert all(command.help for command in group.commands.values())
    assert group.commands.get("nonsense") is None


def test_the_help_lists_all_commands_in_order() -> None:
    shown, _, modules = called("--help", COLUMNS="100")
    lines = [line.strip("│ ").split() for line in shown.splitlines()]
    assert [words[0] for words in lines if words and words[0] in MODULES] == list(MODULES)
    assert all(len(words) > 2 for words in lines if words and words[0] in MODULES)
    assert modules == FILES


@pytest.mark.parametrize("name", ["predict", "runs", "config", "train"])
def test_one_command_imports_its_own_module(name: str) -> None:
    shown, _, modules = called(name, "--help")
    assert f"gru-sent {name}" in shown
    assert modules == {MODULES[name]}


def test_a_mistyped_command_is_told_similar_ones() -> None:
    _, messages, _ = called("predct")
    assert "Did you mean 'predict'?" in messages


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("gru-sent ", set(MODULES)),
        ("gru-sent pre", {"predict", "pretrain"}),
        ("gru-sent config ", {"check", "show", "schema"}),
        ("gru-sent train --set model.la", {"model.layers=", "model.layer_dropout="}),
    ],
)
def test_completion(words: str, expected: set[str]) -> None:
    shown, _, _ = called(
        _GRU_SENT_COMPLETE="complete_bash",
        COMP_WORDS=words,
        COMP_CWORD=str(len(words.split(" ")) - 1),
    )
    assert expected <= set(shown.split())
