"""The command line in this process."""

from __future__ import annotations

import functools
import signal
from collections.abc import Callable, Iterator

import pytest
import typer.testing
from typer.testing import CliRunner, Result

from gru_sentiment.cli.app import app

Command = Callable[..., Result]


@pytest.fixture(autouse=True, scope="session")
def _commands_built_once() -> Iterator[None]:
    """Typer builds all commands anew at every call, which takes a third of a short one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(typer.testing, "_get_command", functools.cache(typer.main.get_command))
        yield


@pytest.fixture(autouse=True)
def _on_no_ci_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the variables that CI machines set and that change the output."""
    for name in ("CI", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def gru_sent() -> Command:
    """Calls `gru-sent` with arguments."""

    def call(*arguments: object) -> Result:
        return CliRunner().invoke(app, [str(argument) for argument in arguments])

    return call


@pytest.fixture(autouse=True)
def _interruptible() -> Iterator[None]:
    """Children can be interrupted even where the tests run in the background.

    A shell starts background jobs with SIGINT ignored, and children inherit that.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
