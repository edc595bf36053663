"""The command line in this process, in a folder of its own."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gru_sentiment.cli.app import app

Command = Callable[..., Result]


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    # variables that CI machines set and that change the output
    for name in ("CI", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def gru_sent() -> Command:
    """Calls `gru-sent` with arguments."""

    def call(*arguments: object) -> Result:
        return CliRunner().invoke(app, [str(argument) for argument in arguments])

    return call


@pytest.fixture
def run(gru_sent: Command, tiny_config: Path) -> Path:
    """The folder of a trained run, the latest."""
    result = gru_sent("train", "-c", tiny_config, "-q", "--set", "training.epochs=1")
    assert result.exit_code == 0, result.output
    return Path("runs/tiny")


@pytest.fixture(autouse=True)
def _interruptible() -> Iterator[None]:
    """Children can be interrupted even where the tests run in the background.

    A shell starts background jobs with SIGINT ignored, and children inherit that.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
