"""Texts and paths on the command line that begin with a hyphen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["predict", "-5 stars"], "-5 stars"),
        (["predict", "-5"], "-5"),
        (["predict", "-quite good, I think"], "-quite good, I think"),
        (["predict", "--run", "runs/a", "-- not bad at all"], "-- not bad at all"),
        (["evaluate", "-1 run"], "-1 run"),
    ],
)
def test_a_text_that_is_read_as_options(
    gru_sent: Callable[..., Result], arguments: list[str], text: str
) -> None:
    result = gru_sent(*arguments)
    said = " ".join(result.stderr.replace("│", " ").split())
    assert result.exit_code == 2
    assert f"'{text}' begins with \"-\"" in said
    assert f'{arguments[0]} -- "{text}"' in said


@pytest.mark.parametrize("arguments", [["--nonsense"], ["x", "-z"], ["x", "--sett=a b"]])
def test_an_option_that_is_none(gru_sent: Callable[..., Result], arguments: list[str]) -> None:
    result = gru_sent("predict", *arguments)
    assert result.exit_code == 2
    assert "No such option" in result.stderr
    assert "begins with" not in result.stderr


def test_behind_two_hyphens_it_is_a_text(gru_sent: Callable[..., Result], run: Path) -> None:
    result = gru_sent("predict", "--json", "--", "-5 stars")
    assert result.exit_code == 0, result.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["predict", "a", "great", "film"], 'predict "a great film"'),
        (["train", "--set", "model.cell", "=", "lstm"], "--set 'model.cell=lstm'"),
        (["train", "--set", "model.cell=", "lstm"], "--set 'model.cell=lstm'"),
    ],
)
def test_words_that_the_shell_took_apart(
    gru_sent: Callable[..., Result], words: list[str], says: str
) -> None:
    result = gru_sent(*words)
    assert result.exit_code == 2
    assert says in " ".join(result.stderr.replace("│", " ").split())
