"""Exit codes and what is printed with them.

0 done, 2 what the user can mend, 3 a check that was asked for and failed (`reproduce` found a
difference, a gate of `evaluate` was not met), 4 rows of a file that could not be read, 130
interrupted, 143 ended by SIGTERM; anything else is a bug of ours: a traceback and exit code 1.
"""

from __future__ import annotations

import logging
import signal
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

import typer
from tqdm import tqdm

from gru_sentiment.errors import UserError
from gru_sentiment.machine.signals import Terminated

USER_ERROR, CHECK_FAILED, BAD_ROWS, INTERRUPTED, TERMINATED = 2, 3, 4, 130, 143


LESS_DETERMINED = "choose another model.pooling, or leave --deterministic out"
LESS_MEMORY = "lower training.batch_size, text.max_tokens or model.hidden_size"


class _AboveBars(logging.StreamHandler[TextIO]):
    """Takes progress bars away while a message is written."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a message on a line of its own."""
        # tqdm's own locking fails in its clean-up where Ctrl-C comes before it has the lock
        lock = tqdm.get_lock()  # type: ignore[no-untyped-call]
        with lock, tqdm.external_write_mode(file=self.stream, nolock=True):
            super().emit(record)


@contextmanager
def command(*, debug: bool, quiet: bool = False) -> Iterator[None]:
    """Around a command's body: show its log on stderr and turn errors into exit codes."""
    handler = _AboveBars(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger = logging.getLogger("gru_sentiment")
    logger.addHandler(handler)
    level = logger.level
    logger.setLevel(logging.WARNING if quiet else logging.INFO)
    try:
        with _sigterm_raises():
            yield
    except UserError as error:
        if debug:
            traceback.print_exc()
        print(f"error: {error}", file=sys.stderr)
        raise typer.Exit(USER_ERROR) from error
    except (MemoryError, RuntimeError) as error:
        explained = _explained(error)
        if not explained:
            raise
        if debug:
            traceback.print_exc()
        print(f"error: {explained}", file=sys.stderr)
        raise typer.Exit(USER_ERROR) from error
    except Terminated as error:
        print("terminated", file=sys.stderr)
        raise typer.Exit(TERMINATED) from error
    except KeyboardInterrupt as error:
        print("interrupted", file=sys.stderr)
        raise typer.Exit(INTERRUPTED) from error
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


@contextmanager
def _sigterm_raises() -> Iterator[None]:
    """End by SIGTERM as by Ctrl-C: with everything tidied up."""

    def end(*_: object) -> None:
        raise Terminated

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _explained(error: Exception) -> str:
    """What the user can do about what torch says with a RuntimeError; empty for a bug of ours."""
    words = str(error)
    memory = "allocate memory" in words or "out of memory" in words.lower()
    if isinstance(error, MemoryError) or memory:
        return f"out of memory\n  {LESS_MEMORY}"
    if "does not have a deterministic implementation" in words:
        return f"--deterministic: {words.partition(',')[0]}\n  {LESS_DETERMINED}"
    return ""
