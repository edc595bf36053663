"""Predictions into a stream of lines: a new one, or one that an interrupted job left."""

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
from gru_sentiment.rows.row import Answer

COMPARED = 20
"""Last rows of an interrupted job that are answered again and compared."""
TOLERANCE = 1e-4
"""Between the numbers of two such answers: far above what another number of threads changes."""
OTHER = "give the --input, --run and options it was begun with, or --force to begin anew"


class Output(Protocol):
    """Where answers go."""

    done: int
    """Rows that are there already."""

    def write(self, answers: Sequence[Answer]) -> None:
        """Write rows that follow each other; those that are there already are compared."""
        ...


@dataclass(frozen=True)
class Written:
    """What an interrupted job left."""

    rows: int = 0
    end: int = 0
    """Bytes up to the end of the last whole row."""
    last: Sequence[bytes] = ()


class LineOutput:
    """Lines in a stream, flushed after the header and after every `write`."""

    def __init__(
        self, stream: BinaryIO, rendering: Rendering, written: Written | None = None
    ) -> None:
        self.done = written.rows if written else 0
        self._stream, self._rendering, self._written = stream, rendering, written
        if not self.done:
            self._begin(0)
            stream.write(rendering.header)
            stream.flush()

    def write(self, answers: Sequence[Answer]) -> None:
        """Write rows that follow each other; those that are there already are compared.

        Raises:
            DataError: the rows that are there are not those of this job.
        """
        rows = [self._rendering.line(answer) for answer in answers]
        there = self.done - answers[0].number + 1
        if there > 0 and self._written:
            last = self._written.last[-there:]
            for old, new in zip(last, rows[there - len(last) : there], strict=True):
                _compare(self._rendering, old, new)
            self._begin(self._written.end)
        self._stream.write(b"".join(rows[max(0, there) :]))
        self._stream.flush()

    def _begin(self, position: int) -> None:
        if self._written is not None:
            self._stream.seek(position)
            self._stream.truncate()


def written(path: Path, rendering: Rendering) -> Written:
    """What an output holds: whole rows; one that was cut is not counted.

    Raises:
        DataError: it is not an output with these columns.
    """
    with path.open("rb") as stream:
        header = stream.read(len(rendering.header))
        if len(header) < len(rendering.header) and rendering.header.startswith(header):
            return Written()
        if header != rendering.header:
            raise DataError(f"{path}: its header is not the one of this job", hint=OTHER)
        rows, end, last = 0, len(header), deque[bytes](maxlen=COMPARED)
        for record in _records(stream, quoted=rendering.quoted):
            rows, end = rows + 1, end + len(record)
            last.append(record)
    if last and _number(rendering, last[-1]) != rows:
        raise DataError(f"{path}: row {rows:,} of it is not an answer to row {rows:,}", hint=OTHER)
    return Written(rows, end, list(last))


def _records(stream: BinaryIO, *, quoted: bool) -> Iterator[bytes]:
    """Whole rows: within quotes, of which an odd number stands before, a newline ends none."""
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
        found = rendering.values(old)
    except ValueError:
        found = None
    if not _alike(found, expected):
        raise DataError(
            f"the output does not fit the input or the run: it holds {_short(old)}, and the answer "
            f"to that row is {_short(new)}",
            hint=OTHER,
        )


def _alike(old: Any, new: Any) -> bool:
    """Equal but for the last digits of numbers, which may stand in strings."""
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
