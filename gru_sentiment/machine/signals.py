"""Ctrl-C and SIGTERM as requests that a long piece of work grants when it is safe to stop."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any, Self


class Terminated(KeyboardInterrupt):
    """SIGTERM, which a cluster sends before it takes a machine away."""


EXCEPTIONS: dict[int, type[KeyboardInterrupt]] = {
    signal.SIGINT: KeyboardInterrupt,
    signal.SIGTERM: Terminated,
}


class StopRequest:
    """A context in which the first signal is noted, and a second one raises at once.

    `grant` raises the exception of the signal: KeyboardInterrupt for Ctrl-C, Terminated for
    SIGTERM. Signals reach the main thread alone, so in another thread nothing changes. A signal
    that the process ignores stays ignored.
    """

    def __init__(self) -> None:
        self.signal: int | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in EXCEPTIONS:
                if signal.getsignal(number) is not signal.SIG_IGN:
                    self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def grant(self) -> None:
        """Raise the exception of the signal that was noted, if there was one."""
        if self.signal is not None:
            raise EXCEPTIONS[self.signal]

    def _note(self, number: int, _frame: FrameType | None) -> None:
        if self.signal is not None:
            raise EXCEPTIONS[number]
        self.signal = number
