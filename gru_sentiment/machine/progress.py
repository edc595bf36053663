"""Progress of long work: a bar on a terminal, or lines of the log."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

logger = logging.getLogger(__name__)

LINE_EVERY_S = 15.0
"""The shortest time between two lines, in seconds."""


@contextmanager
def progress_of(
    what: str, unit: str, total: int | None = None, *, bar: bool
) -> Iterator[Callable[[int], object]]:
    """Yield a function that is called with the number of further units that are done.

    Args:
        what: the work, such as "tokenising".
        unit: what is counted, in the singular.
        total: the number of units, if it is known.
        bar: show a bar; without one a line is logged every LINE_EVERY_S seconds at most.
    """
    if bar:
        from tqdm import tqdm

        with tqdm(desc=what, unit=unit, total=total, leave=False) as shown:
            yield shown.update
    else:
        yield _Lines(what, unit, total).count


class SilentProgress:
    """Sees a training and prints nothing."""

    def on_step(self, record: object) -> None:
        """Nothing."""

    def on_evaluation(self, record: object) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


class _Lines:
    """Logs the number of units that are done, at most every LINE_EVERY_S seconds."""

    def __init__(self, what: str, unit: str, total: int | None) -> None:
        self.what, self.unit, self.total = what, unit, total
        self.done = 0
        self.begun = self.last = time.monotonic()

    def count(self, more: int) -> None:
        """Add `more` units that are done."""
        self.done += more
        now = time.monotonic()
        if now - self.last < LINE_EVERY_S or self.done in (0, self.total):
            return
        self.last = now
        rate = self.done / (now - self.begun)
        if self.total is None:
            done, then = f"{self.done:,} {self.unit}s", f"{rate:,.0f} a second"
        else:
            done = f"{self.done:,} of {self.total:,} {self.unit}s"
            then = f"{(self.total - self.done) / rate:.0f} s left"
        logger.info("%s: %s, %s", self.what, done, then)
