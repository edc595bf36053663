from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gru_sentiment.rows.row import BadRowError, Row, chunks, decoded, whole_characters


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("caf\u00e9 \U0001f600", "caf\u00e9 \U0001f600"),
        ("a\ud83d b", "a\ufffd b"),
        ("\udc00\ud800", "\ufffd\ufffd"),
    ],
)
def test_half_a_surrogate_pair_is_replaced(text: str, expected: str) -> None:
    assert whole_characters(text) == expected


def test_what_is_not_utf8_is_named() -> None:
    assert decoded("caf\u00e9 \0".encode()) == "caf\u00e9 \0"
    with pytest.raises(BadRowError, match="byte 4, 0xe9, is not UTF-8"):
        decoded(b"caf\xe9!")


def test_a_bad_row_has_no_text_and_says_why() -> None:
    row = BadRowError("no field '\ud800'", {"id": 1}).row(size=7)
    assert (row.text, row.size, row.kept) == ("", 7, {"id": 1})
    assert row.error == "no field '\ufffd'"


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
