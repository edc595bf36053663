"""Groups of rows that are predicted together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gru_sentiment.rows.row import Row


def chunks(rows: Iterable[Row], *, max_rows: int, max_bytes: int) -> Iterator[list[Row]]:
    """Group rows in order; a group is complete at this many rows or bytes.

    The groups depend on the rows alone, so that a resumed job has the same groups.
    """
    chunk: list[Row] = []
    size = 0
    for row in rows:
        chunk.append(row)
        size += row.size
        if len(chunk) >= max_rows or size >= max_bytes:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk
