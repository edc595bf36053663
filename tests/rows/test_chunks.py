"""Groups of rows: in order, bounded, and given as soon as they are full."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from gru_sentiment.rows.chunks import chunks
from gru_sentiment.rows.row import Row


@given(st.lists(st.integers(0, 50)), st.integers(1, 10), st.integers(1, 100))
def test_bounded_by_rows_and_by_bytes(sizes: list[int], max_rows: int, max_bytes: int) -> None:
    rows = [Row(str(i), size) for i, size in enumerate(sizes)]
    found = list(chunks(rows, max_rows=max_rows, max_bytes=max_bytes))
    assert [row for chunk in found for row in chunk] == rows
    for chunk in found:
        assert 1 <= len(chunk) <= max_rows
        # only the last row may have brought it over
        assert sum(row.size for row in chunk[:-1]) < max_bytes
    for chunk in found[:-1]:
        assert len(chunk) == max_rows or sum(row.size for row in chunk) >= max_bytes


def test_no_row_is_read_before_a_full_group_is_taken() -> None:
    read = []

    def rows() -> Iterator[Row]:
        for i in range(4):
            read.append(i)
            yield Row("", 1)

    found = chunks(rows(), max_rows=1, max_bytes=100)
    for i in range(4):
        next(found)
        assert read == list(range(i + 1))
