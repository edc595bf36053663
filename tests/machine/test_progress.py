"""How far a long piece of work is, said now and then."""

from __future__ import annotations

import logging

import pytest

from gru_sentiment.machine import progress as counting
from gru_sentiment.machine.progress import progress_of


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The clock, as one number that the test moves on."""
    clock = [100.0]
    monkeypatch.setattr(counting.time, "monotonic", lambda: clock[0])
    return clock


def test_a_line_every_few_seconds_with_the_time_left(
    now: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO), progress_of("asking", "text", 50_000, bar=False) as count:
        for _ in range(50):
            now[0] += 4
            count(1_000)
    # after 16, 32 and so on to 192 s; the last thousand, after 200 s, needs none
    assert len(caplog.messages) == 12
    assert caplog.messages[0] == "asking: 4,000 of 50,000 texts, 184 s left"
    assert caplog.messages[-1] == "asking: 48,000 of 50,000 texts, 8 s left"


def test_a_rate_where_nobody_knows_how_many_there_are(
    now: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO), progress_of("answering", "row", bar=False) as count:
        now[0] += 20
        count(0)
        now[0] += 20
        count(48_000)
    assert caplog.messages == ["answering: 48,000 rows, 1,200 a second"]


def test_nothing_of_the_end_nor_of_what_is_soon_done(
    now: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO), progress_of("asking", "text", 30, bar=False) as count:
        now[0] += 14
        count(10)
        now[0] += 60
        count(20)
    assert not caplog.messages


def test_a_bar_instead_of_lines(
    now: list[float], caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.INFO), progress_of("asking", "text", 30, bar=True) as count:
        now[0] += 60
        count(10)
    assert not caplog.messages
    shown = capsys.readouterr().err
    assert "asking" in shown
    assert "30" in shown


def test_an_error_takes_the_bar_away(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(KeyboardInterrupt), progress_of("asking", "text", 30, bar=True):
        raise KeyboardInterrupt
    assert capsys.readouterr().err.endswith("\r")
