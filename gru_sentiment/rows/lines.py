"""Lines of a stream, each as soon as it is complete, and none longer than a row may be."""

from __future__ import annotations

import codecs
import errno
from collections.abc import Iterator
from typing import BinaryIO

from gru_sentiment.errors import DataError
from gru_sentiment.rows.row import MAX_BYTES


def lines(stream: BinaryIO) -> Iterator[bytes | None]:
    """Lines with their ends and without a byte order mark; None for one that is too long.

    Only LF, or CR LF, ends a line.

    Raises:
        DataError: the stream cannot be read.
    """
    try:
        line = stream.readline(MAX_BYTES).removeprefix(codecs.BOM_UTF8)
        while line:
            if len(line) < MAX_BYTES or line.endswith(b"\n"):
                yield line
            else:
                _skip_line(stream)
                yield None
            line = stream.readline(MAX_BYTES)
    except OSError as error:
        # the program opens the null device for writing in place of a closed standard input
        reason = "it is closed" if error.errno == errno.EBADF else error.strerror or error
        raise DataError(f"the input cannot be read: {reason}") from error


def without_end(line: bytes) -> bytes:
    """A line without its LF or CR LF."""
    return line.removesuffix(b"\n").removesuffix(b"\r")


def _skip_line(stream: BinaryIO) -> None:
    while (rest := stream.readline(MAX_BYTES)) and not rest.endswith(b"\n"):
        pass
