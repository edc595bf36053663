"""Writing scored rows to a stream of lines: a new one, or that of an interrupted job."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from gru_sentiment.errors import DataError
from gru_sentiment.rows.columns import NUMBER
from gru_sentiment.rows.rendering import Rendering
from gru_sentiment.rows.row import ScoredRow

COMPARED = 20
"""Last rows of an interrupted job that are predicted again and compared."""
TOLERANCE = 1e-4
"""Between the numbers of two such rows: far above what another number of threads changes."""
OTHER = "give the --input, --run and options that it was started with, or --force to start anew"
"""The hint where an output is not that of this job."""


class Output(Protocol):
    """Where scored rows go."""

    done: int
    """Number of rows that are written already."""

    def write(self, rows: Sequence[ScoredRow]) -> None:
        """Write consecutive rows; those that are written already are compared instead."""
        ...


@dataclass(frozen=True)
class Written:
    """The output of an interrupted job."""

    rows: int = 0
    end: int = 0
    """Bytes up to the end of the last complete row."""
    last: Sequence[bytes] = ()
    """The last complete rows, at most `COMPARED`."""


class LineOutput:
    """Lines in a stream, flushed after the header and after every `write`."""

    def __init__(
        self, stream: BinaryIO, rendering: Rendering, written: Written | None = None
    ) -> None:
        self.done = written.rows if written else 0
        self._stream, self._rendering, self._written = stream, rendering, written
        if not self.done:
            self._start_at(0)
            stream.write(rendering.header)
            stream.flush()

    def write(self, rows: Sequence[ScoredRow]) -> None:
        """Write consecutive rows; those that are written already are compared instead.

        Raises:
            DataError: the rows that are written already are not those of this job.
        """
        lines = [self._rendering.line(row) for row in rows]
        written = self.done - rows[0].number + 1
        if written > 0 and self._written:
            last = self._written.last[-written:]
            for old, new in zip(last, lines[written - len(last) : written], strict=True):
                _compare(self._rendering, old, new)
            self._start_at(self._written.end)
        self._stream.write(b"".join(lines[max(0, written) :]))
        self._stream.flush()

    def _start_at(self, position: int) -> None:
        if self._written is not None:
            self._stream.seek(position)
            self._stream.truncate()


def written(path: Path, rendering: Rendering) -> Written:
    """The complete rows of an output; a last row that was cut off is not counted.

    Raises:
        DataError: the file is not an output with these columns.
    """
    with path.open("rb") as stream:
        header = stream.read(len(rendering.header))
        if len(header) < len(rendering.header) and rendering.header.startswith(header):
            return Written()
        if header != rendering.header:
            raise DataError(f"{path}: its header is not that of this job", hint=OTHER)
        rows, end, last = 0, len(header), deque[bytes](maxlen=COMPARED)
        for record in _records(stream, quoted=rendering.quoted):
            rows, end = rows + 1, end + len(record)
            last.append(record)
    if last and _number(rendering, last[-1]) != rows:
        raise DataError(
            f"{path}: row {rows:,} of it is not the prediction for row {rows:,}", hint=OTHER
        )
    return Written(rows, end, list(last))


def _records(stream: BinaryIO, *, quoted: bool) -> Iterator[bytes]:
    """Complete rows. After an odd number of quotes a newline is part of a value."""
    parts, within = [], False
    for line in stream:
        parts.append(line)
        within ^= quoted and line.count(b'"') % 2 == 1
        if not within and line.endswith(b"\n"):
            yield b"".join(parts)
            parts = []


def _number(rendering: Rendering, record: bytes) -> int | None:
    with suppress(ValueError, KeyError, TypeError, IndexError):
        values = rendering.values(record)
        return int(values[NUMBER] if isinstance(values, dict) else values[0])
    return None


def _compare(rendering: Rendering, old: bytes, new: bytes) -> None:
    if old == new:
        return
    expected = rendering.values(new)
    try:
        values = rendering.values(old)
    except ValueError:
        values = None
    if not _alike(values, expected):
        raise DataError(
            f"the output does not fit the input or the run: it holds {_short(old)}, and the "
            f"prediction for that row is {_short(new)}",
            hint=OTHER,
        )


def _alike(old: Any, new: Any) -> bool:
    """Whether two values are equal but for the last digits of numbers, also within strings."""
    if isinstance(old, dict) and isinstance(new, dict):
        return old.keys() == new.keys() and all(_alike(old[name], new[name]) for name in old)
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(map(_alike, old, new))
    if repr(old) == repr(new):
        return True
    with suppress(ValueError, TypeError, OverflowError):
        return math.isclose(float(old), float(new), rel_tol=0, abs_tol=TOLERANCE)
    return False


def _short(record: bytes) -> str:
    text = record.decode("utf-8", "replace").strip()
    return text if len(text) <= 200 else f"{text[:200]}…"
