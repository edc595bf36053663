"""Exit codes and what is printed with them.

0 done, 2 what the user can mend, 130 interrupted; anything else is a bug of ours: a traceback and
exit code 1.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

import typer
from tqdm import tqdm

from gru_sentiment.errors import UserError

USER_ERROR, INTERRUPTED = 2, 130


class _AboveBars(logging.StreamHandler[TextIO]):
    """Takes progress bars away while a message is written."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a message on a line of its own."""
        with tqdm.external_write_mode(file=self.stream):
            super().emit(record)


@contextmanager
def command(*, debug: bool, quiet: bool = False) -> Iterator[None]:
    """Around a command's body: show its log on stderr and turn errors into exit codes."""
    handler = _AboveBars(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger = logging.getLogger("gru_sentiment")
    logger.addHandler(handler)
    logger.setLevel(logging.WARNING if quiet else logging.INFO)
    try:
        yield
    except UserError as error:
        if debug:
            traceback.print_exc()
        print(f"error: {error}", file=sys.stderr)
        raise typer.Exit(USER_ERROR) from error
    except KeyboardInterrupt as error:
        print("interrupted", file=sys.stderr)
        raise typer.Exit(INTERRUPTED) from error
    finally:
        logger.removeHandler(handler)
