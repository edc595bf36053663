"""Exit codes and the messages that go with them.

0: done. 2: an error that the user can fix. 3: a check failed: `reproduce` found a difference, or a
gate of `evaluate` was not met. 4: some rows of a file could not be read. 130: interrupted by
Ctrl-C. 143: ended by SIGTERM. What the system refuses, such as a path that is too long, is the
user's to fix. Any other error is a bug: a traceback and exit code 1.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from gru_sentiment.errors import ReaderLeftError, UserError
from gru_sentiment.machine.signals import Terminated

USER_ERROR, CHECK_FAILED, BAD_ROWS, INTERRUPTED, TERMINATED = 2, 3, 4, 130, 143
LESS_DETERMINED = "choose another model.pooling, or leave --deterministic out"
LESS_MEMORY = "lower training.batch_size, text.max_tokens or model.hidden_size"


SHOWN = 200
"""Characters of a path in a message, at most."""


class _AboveBars(logging.StreamHandler[TextIO]):
    """Writes messages above the progress bars."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a message on a line of its own."""
        if "tqdm" not in sys.modules:  # so there is no bar
            super().emit(record)
            return
        from tqdm import tqdm

        # tqdm's own locking fails in its clean-up if Ctrl-C comes before it has the lock
        lock = tqdm.get_lock()  # type: ignore[no-untyped-call]
        with lock, tqdm.external_write_mode(file=self.stream, nolock=True):
            super().emit(record)


class EndedError(Exception):
    """A command that ends before its end, with an exit code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


@contextmanager
def command(*, debug: bool, quiet: bool = False) -> Iterator[None]:
    """Run the body of a command of Typer, see `ending`."""
    import typer

    try:
        with ending(debug=debug, quiet=quiet):
            yield
    except EndedError as end:
        raise typer.Exit(end.code) from end


@contextmanager
def ending(*, debug: bool, quiet: bool = False) -> Iterator[None]:
    """Run the body of a command: its log goes to stderr, and errors become exit codes.

    Raises:
        EndedError: the error, which has been printed, ends the command.
    """
    handler = _AboveBars(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger = logging.getLogger("gru_sentiment")
    logger.addHandler(handler)
    level = logger.level
    logger.setLevel(logging.WARNING if quiet else logging.INFO)
    try:
        with _sigterm_raises():
            _check_current_folder()
            yield
            sys.stdout.flush()
    except ReaderLeftError as error:
        raise EndedError(0) from error
    except UserError as error:
        if debug:
            _print_traceback()
        print(f"error: {error}", file=sys.stderr)
        raise EndedError(USER_ERROR) from error
    except (MemoryError, RuntimeError, OSError) as error:
        message = _explained(error)
        if not message:
            raise
        if debug:
            _print_traceback()
        print(f"error: {message}", file=sys.stderr)
        raise EndedError(USER_ERROR) from error
    except Terminated as error:
        print("terminated", file=sys.stderr)
        raise EndedError(TERMINATED) from error
    except KeyboardInterrupt as error:
        print("interrupted", file=sys.stderr)
        raise EndedError(INTERRUPTED) from error
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


@contextmanager
def _sigterm_raises() -> Iterator[None]:
    """Let SIGTERM raise an error, so that it tidies up as Ctrl-C does."""

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


def _print_traceback() -> None:
    import traceback

    traceback.print_exc()


def _check_current_folder() -> None:
    """Refuse to work where no path can be resolved.

    Raises:
        UserError: somebody has removed the current folder.
    """
    try:
        os.getcwd()
    except OSError as error:
        raise UserError(
            f"the current folder cannot be used: {error.strerror}",
            hint="change to a folder that exists",
        ) from error


def _shortened(name: object) -> str:
    """The path of an error of the system, if it has one, and a colon behind it."""
    if not isinstance(name, str | bytes | os.PathLike):
        return ""
    path = os.fsdecode(name)
    return f"{path if len(path) <= SHOWN else path[:SHOWN] + '…'}: "


def _explained(error: Exception) -> str:
    """A message for an error of torch or the system that the user can fix; empty for a bug."""
    text = str(error)
    if isinstance(error, OSError):
        return f"{_shortened(error.filename)}{error.strerror or error}"
    if text.startswith("Symlink loop"):  # Python 3.11 and 3.12; later ones raise an OSError
        return f"{text}\n  check where the links lead"
    memory = "allocate memory" in text or "out of memory" in text.lower()
    if isinstance(error, MemoryError) or memory:
        return f"out of memory\n  {LESS_MEMORY}"
    if "does not have a deterministic implementation" in text:
        return f"--deterministic: {text.partition(',')[0]}\n  {LESS_DETERMINED}"
    return ""
