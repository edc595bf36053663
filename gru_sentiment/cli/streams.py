"""The standard streams of the program, whatever they are: closed, full, a pipe, of any encoding."""

from __future__ import annotations

import errno
import io
import json
import os
import sys
from contextlib import suppress
from typing import Any, TextIO

from gru_sentiment.errors import OutputError

IN_PLACE_OF = {0: os.O_WRONLY, 1: os.O_RDONLY, 2: os.O_RDWR}
"""How the null device is opened in place of a closed standard stream. Reading from the input and
writing to the output fail, as nothing can come from them or be kept by them; messages vanish."""


class _Output(io.FileIO):
    """The descriptor of the standard output. After an error what is written to it vanishes."""

    _lost = False

    def write(self, data: Any) -> int:
        """Write some of the bytes.

        Raises:
            BrokenPipeError: the reader of the pipe has left.
            OutputError: the bytes cannot be written for another reason.
        """
        if self._lost:
            return len(data)
        try:
            return super().write(data)
        except OSError as error:
            self._lost = True
            if error.errno == errno.EPIPE:
                raise
            reason = "it is closed" if error.errno == errno.EBADF else error.strerror
            raise OutputError(f"the output cannot be written: {reason}") from error


class _Messages(io.FileIO):
    """The descriptor of the standard error. What cannot be written there vanishes."""

    def write(self, data: Any) -> int:
        """Write some of the bytes, or none."""
        try:
            return super().write(data)
        except OSError:
            return len(data)


class _Reports(io.TextIOWrapper):
    """Text on the standard output. It vanishes once the reader of a pipe has left.

    The command ends as it would have: a gate that was not met counts although nobody reads why.
    Rows, which are written to `buffer`, are not predicted any longer: there the error is raised.
    """

    def write(self, text: str) -> int:
        """Write text."""
        with suppress(BrokenPipeError):
            return super().write(text)
        return len(text)

    def flush(self) -> None:
        """Write what is held back."""
        with suppress(BrokenPipeError):
            super().flush()


def set_up_streams() -> None:
    """Make all that the process prints go one way; what an encoding cannot show is escaped.

    A closed stream is replaced, so that no file which is opened later takes its place.
    """
    _replace_closed()
    if sys.stdin is None:
        sys.stdin = io.TextIOWrapper(io.BufferedReader(io.FileIO(0, "rb", closefd=False)))
    options = _options(sys.stdout)
    sys.stdout = _Reports(io.BufferedWriter(_Output(1, "wb", closefd=False)), **options)
    options = _options(sys.stderr) | {"line_buffering": True}
    sys.stderr = io.TextIOWrapper(io.BufferedWriter(_Messages(2, "wb", closefd=False)), **options)


def on_terminal(stream: TextIO) -> bool:
    """Whether a stream is a terminal, which carriage returns suit, and not the log of a CI."""
    return stream.isatty() and not os.environ.get("CI")


def print_json(value: Any, *, indent: int | None = None) -> None:
    """Print JSON. Where the output's encoding lacks a character, all others are escaped too."""
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    print(text if can_show(text) else json.dumps(value, indent=indent))


def can_show(text: str) -> bool:
    """Whether the encoding of the standard output has all characters of a text."""
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _replace_closed() -> None:
    for descriptor, mode in IN_PLACE_OF.items():
        try:
            os.fstat(descriptor)
        except OSError:
            opened = os.open(os.devnull, mode)
            os.dup2(opened, descriptor)
            if opened != descriptor:
                os.close(opened)
        if os.name == "posix":
            # another program may have left a shared terminal or pipe so that rows are lost
            os.set_blocking(descriptor, True)


def _options(stream: TextIO | None) -> dict[str, Any]:
    """How the new text stream is made from the one that Python has opened, if it has."""
    return {
        "encoding": getattr(stream, "encoding", "utf-8"),
        "errors": "backslashreplace",
        "line_buffering": getattr(stream, "line_buffering", False),
        "write_through": getattr(stream, "write_through", False),
    }
