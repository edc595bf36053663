"""Signals as wishes."""

from __future__ import annotations

import signal
import threading

import pytest

from gru_sentiment.machine.signals import EXCEPTIONS, StopRequest, Terminated

each_signal = pytest.mark.parametrize("number", EXCEPTIONS)


@each_signal
def test_the_first_is_noted_and_granted_later(number: int) -> None:
    with StopRequest() as stop:
        stop.grant()
        signal.raise_signal(number)
        assert stop.signal == number
        with pytest.raises(EXCEPTIONS[number]):
            stop.grant()


@each_signal
def test_the_second_raises_at_once(number: int) -> None:
    with StopRequest():
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(EXCEPTIONS[number]):
            signal.raise_signal(number)


@each_signal
def test_handlers_are_put_back(number: int) -> None:
    before = signal.getsignal(number)
    with StopRequest():
        assert signal.getsignal(number) != before
    assert signal.getsignal(number) == before


def test_what_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with StopRequest() as stop:
            signal.raise_signal(signal.SIGINT)
            assert stop.signal is None
    finally:
        signal.signal(signal.SIGINT, before)


def test_other_threads_are_left_alone() -> None:
    before, seen = signal.getsignal(signal.SIGINT), []

    def enter() -> None:
        with StopRequest() as stop:
            seen.append((stop.signal, signal.getsignal(signal.SIGINT)))

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert seen == [(None, before)]


def test_terminated_is_an_interruption_too() -> None:
    assert issubclass(Terminated, KeyboardInterrupt)
