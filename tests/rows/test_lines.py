"""Lines, whole and bounded."""

from __future__ import annotations

import io
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gru_sentiment.errors import DataError
from gru_sentiment.rows import lines as module
from gru_sentiment.rows.lines import lines, without_end


@given(st.binary().filter(lambda content: not content.startswith(b"\xef\xbb\xbf")))
def test_nothing_is_lost(content: bytes) -> None:
    found = list(lines(io.BytesIO(content)))
    assert b"".join(line for line in found if line is not None) == content
    assert len(found) == content.count(b"\n") + (not content.endswith(b"\n") and bool(content))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", []),
        (b"\xef\xbb\xbf", []),
        (b"\xef\xbb\xbfa\n\xef\xbb\xbfb", [b"a\n", b"\xef\xbb\xbfb"]),
        (b"a\r\nb\rc\x0b\x0c\xe2\x80\xa8d\n", [b"a\r\n", b"b\rc\x0b\x0c\xe2\x80\xa8d\n"]),
    ],
)
def test_only_a_line_feed_ends_a_line(content: bytes, expected: list[bytes]) -> None:
    assert list(lines(io.BytesIO(content))) == expected


def test_a_line_that_is_too_long_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_BYTES", 8)
    content = b"1234567\n" + b"x" * 8 + b"\n" + b"y" * 100 + b"\nshort\n" + b"z" * 9
    assert list(lines(io.BytesIO(content))) == [b"1234567\n", None, None, b"short\n", None]


def test_a_line_is_given_before_the_next_one_is_there() -> None:
    reading, writing = os.pipe()
    with open(reading, "rb") as stream, open(writing, "wb", buffering=0) as producer:
        found = lines(stream)
        for line in (b"first\n", b"second\n"):
            producer.write(line)
            assert next(found) == line


def test_a_stream_that_breaks() -> None:
    class Broken(io.BytesIO):
        def readline(self, size: int | None = -1) -> bytes:
            raise OSError(5, os.strerror(5))

    with pytest.raises(DataError, match="cannot be read: Input/output error"):
        list(lines(Broken()))


@pytest.mark.parametrize("line", [b"a", b"a\n", b"a\r\n"])
def test_the_end_of_a_line_is_taken_off(line: bytes) -> None:
    assert without_end(line) == b"a"
