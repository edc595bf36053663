"""Ctrl-C and SIGTERM as a wish that is granted at the next good moment."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any, Self

from gru_sentiment.errors import Terminated

EXCEPTIONS: dict[int, type[KeyboardInterrupt]] = {
    signal.SIGINT: KeyboardInterrupt,
    signal.SIGTERM: Terminated,
}


class StopRequest:
    """While this is entered, the first signal is noted and the second one raises at once.

    `grant` raises what was asked for: KeyboardInterrupt or Terminated. Signals reach the main
    thread alone; in another one nothing changes. A handler that somebody else set is respected.
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
        """Raise what was asked for."""
        if self.signal is not None:
            raise EXCEPTIONS[self.signal]

    def _note(self, number: int, _frame: FrameType | None) -> None:
        if self.signal is not None:
            raise EXCEPTIONS[number]
        self.signal = number
