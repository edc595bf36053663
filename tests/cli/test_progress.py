"""A bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from gru_sentiment.cli import progress
from gru_sentiment.cli import train as train_command
from gru_sentiment.cli.progress import BarProgress, LineProgress, SilentProgress
from gru_sentiment.cli.streams import on_terminal
from gru_sentiment.results.training import EvaluationRecord, StepRecord


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def step(number: int, epoch: int = 1) -> StepRecord:
    return StepRecord(
        epoch=epoch,
        epochs=2,
        step=number,
        steps=10,
        loss=0.5,
        accuracy=0.75,
        tokens_per_s=12_345.6,
        elapsed_s=2.0 * number,
    )


def evaluation(epoch: int = 1, *, is_best: bool = True) -> EvaluationRecord:
    return EvaluationRecord(
        epoch=epoch,
        step=10 * epoch,
        train_loss=0.4,
        train_accuracy=0.8,
        learning_rate=1e-3,
        gradient_norm=1.0,
        scores={"loss": 0.3, "accuracy": 0.9},
        tokens=100,
        elapsed_s=20.0,
        tokens_per_s=5.0,
        is_best=is_best,
    )


@pytest.mark.parametrize(
    ("stream", "ci", "expected"),
    [
        (Terminal(), None, True),
        (Terminal(), "", True),
        (Terminal(), "true", False),
        (Terminal(), "1", False),
        (io.StringIO(), None, False),
        (io.StringIO(), "true", False),
    ],
)
def test_a_terminal_is_one_outside_ci(
    stream: io.StringIO, ci: str | None, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if ci is not None:
        monkeypatch.setenv("CI", ci)
    assert on_terminal(stream) is expected


def test_lines_are_plain_and_say_everything() -> None:
    stream = io.StringIO()
    progress = LineProgress(stream, every_s=0)
    progress.on_step(step(4))
    progress.on_evaluation(evaluation())
    first, second = stream.getvalue().splitlines()
    assert "\r" not in stream.getvalue()
    assert first == (
        "epoch 1/2, batch 4/10: loss 0.5000, accuracy 0.7500, 12,346 tokens/s, "
        "12 s left in the epoch"
    )
    assert second.startswith("epoch 1: training loss 0.4000, accuracy 0.8000; validation loss")
    assert "best so far" in second


def test_lines_are_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    stream = io.StringIO()
    progress = LineProgress(stream, every_s=15)
    for number in range(1, 11):
        now[0] += 6
        progress.on_step(step(number))
    batches = re.findall(r"batch (\d+)/", stream.getvalue())
    # 18 s and 36 s and 54 s after the start
    assert batches == ["3", "6", "9"]
    # an evaluation's line counts too
    now[0] += 14
    progress.on_evaluation(evaluation())
    now[0] += 14
    progress.on_step(step(1, epoch=2))
    assert "epoch 2/2" not in stream.getvalue()


def test_a_bar_shows_loss_accuracy_speed_and_time_left() -> None:
    stream = Terminal()
    progress = BarProgress(stream)
    for number in range(1, 9):
        progress.on_step(step(number))
    assert progress.bar is not None
    progress.bar.refresh()
    last = stream.getvalue().rsplit("\r", 1)[-1]
    assert "epoch 1/2" in last
    assert "8/10" in last
    assert "loss 0.5000, accuracy 0.7500, 12,346 tokens/s" in last
    # elapsed<left, as tqdm writes it
    assert re.search(r"\[\d+:\d+<\d+:\d+", last)


def test_a_bar_gives_way_to_a_line_and_starts_again() -> None:
    stream = Terminal()
    progress = BarProgress(stream)
    for epoch in (1, 2):
        for number in range(1, 11):
            progress.on_step(step(number, epoch))
        progress.on_evaluation(evaluation(epoch, is_best=epoch == 1))
    assert progress.bar is None
    kept = [line.rsplit("\r", 1)[-1] for line in stream.getvalue().split("\n")]
    lines = [line for line in kept if line.strip()]
    assert [line.split(":")[0] for line in lines] == ["epoch 1", "epoch 2"]
    assert ["best so far" in line for line in lines] == [True, False]
    assert "epoch 2/2" in stream.getvalue()


def test_silence_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    progress = SilentProgress()
    progress.on_step(step(1))
    progress.on_evaluation(evaluation())
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("observer", [LineProgress, BarProgress])
def test_progress_goes_to_stderr_as_it_is_now(
    observer: type[LineProgress] | type[BarProgress], capsys: pytest.CaptureFixture[str]
) -> None:
    observer().on_evaluation(evaluation())
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("epoch 1: ")


# through the command


def test_training_without_a_terminal_prints_plain_lines(
    gru_sent: Callable[..., Result], tiny_config: Path
) -> None:
    result = gru_sent("train", "--config", tiny_config)
    assert "\r" not in result.output
    lines = result.stderr.splitlines()
    assert any(line.startswith("reviews: 48 train, 16 validation, 16 test") for line in lines)
    assert any(line.startswith("vocabulary: ") for line in lines)
    assert [line[:8] for line in lines if line.startswith("epoch")] == ["epoch 1:", "epoch 2:"]
    assert "epoch 1:" not in result.stdout


def test_training_on_a_terminal_shows_a_bar(
    gru_sent: Callable[..., Result], tiny_config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train_command, "on_terminal", lambda stream: True)
    monkeypatch.setattr(progress, "on_terminal", lambda stream: True)
    result = gru_sent("train", "--config", tiny_config)
    assert result.exit_code == 0
    assert "\repoch 1/2" in result.stderr
    assert "\r" not in result.stdout


@pytest.mark.parametrize("terminal", [True, False])
def test_quiet_shows_no_progress(
    gru_sent: Callable[..., Result],
    tiny_config: Path,
    monkeypatch: pytest.MonkeyPatch,
    terminal: bool,
) -> None:
    monkeypatch.setattr(train_command, "on_terminal", lambda stream: terminal)
    monkeypatch.setattr(progress, "on_terminal", lambda stream: terminal)
    result = gru_sent("train", "--config", tiny_config, "--quiet")
    assert result.exit_code == 0
    assert result.stderr.startswith("the validation split has 16 rows")  # warnings are no progress
    assert result.stderr.count("\n") == 1
    assert "run folder: runs/tiny" in result.stdout
