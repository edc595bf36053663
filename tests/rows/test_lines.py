"""Lines, whole and bounded."""

from __future__ import annotations

import gzip
import io
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gru_sentiment.errors import DataError
from gru_sentiment.rows import lines as module
from gru_sentiment.rows.lines import encoding_hint, lines, utf8, without_end


@given(st.binary())
def test_nothing_is_lost(content: bytes) -> None:
    found = list(lines(io.BytesIO(content)))
    assert b"".join(line for line in found if line is not None) == content
    assert len(found) == content.count(b"\n") + (not content.endswith(b"\n") and bool(content))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", []),
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


@pytest.mark.parametrize("line", [b"a", b"a\n", b"a\r\n", b"a\r"])
def test_the_end_of_a_line_is_taken_off(line: bytes) -> None:
    assert without_end(line) == b"a"


@given(st.binary(), st.integers(1, 9))
def test_cr_ends_a_line_too(content: bytes, most: int) -> None:
    assert list(lines(io.BytesIO(content), lone_returns=True)) == content.splitlines(keepends=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MAX_BYTES", most)
        found = list(lines(io.BytesIO(content), lone_returns=True))
    expected = [line for line in content.splitlines(keepends=True) if len(line) < most]
    assert [line for line in found if line is not None and len(line) < most] == expected


TEXT = "caf\u00e9, \u4f60\u597d, \U0001f600\nsecond\n"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32", "utf-16-le"]
)
@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize("packed", [False, True])
def test_encodings_and_gzip(encoding: str, named: bool, packed: bool) -> None:
    marks = {"utf-16-be": b"\xfe\xff", "utf-16-le": b"\xff\xfe"}
    raw = marks.get(encoding, b"") + TEXT.encode(encoding)
    stream = io.BytesIO(gzip.compress(raw) if packed else raw)
    assert utf8(stream, encoding if named else None).read() == TEXT.encode()


@given(st.text(), st.sampled_from(["utf-16-le", "utf-16-be", "gb18030", "shift_jis", "utf-8"]))
def test_any_text_in_a_named_encoding(text: str, encoding: str) -> None:
    raw = text.encode(encoding, "ignore")
    expected = raw.decode(encoding)
    if not expected.startswith("\ufeff") and not raw.startswith((b"\xff\xfe", b"\x1f\x8b")):
        found = utf8(io.BytesIO(raw), encoding).read()
        assert found.decode() == expected


@pytest.mark.parametrize(
    ("raw", "encoding", "cause", "hint"),
    [
        (b"a", "utf-9", "data.encoding: there is no encoding 'utf-9'", "latin-1"),
        (b"a", "base64", "there is no encoding 'base64'", "latin-1"),
        (b"a", "a\0b", "there is no encoding", "latin-1"),
        ("caf\u00e9".encode(), "latin-1", "is UTF-8, and data.encoding says latin-1", "leave"),
        ("a".encode("utf-16"), "latin-1", "marked as utf-16-le, and data.encoding says", "leave"),
        ("text,a".encode("utf-16-le"), None, "looks like UTF-16 without", "to utf-16-le"),
        ("text,a".encode("utf-16-be"), None, "looks like UTF-16 without", "to utf-16-be"),
        (b"PK\x03\x04xlsx", None, "is a zip archive or a spreadsheet, not text", "save it"),
        (gzip.compress(b"PAR1", mtime=0), None, "is a parquet file, not text", "by its kind"),
    ],
)
def test_bytes_that_are_no_such_text(
    raw: bytes, encoding: str | None, cause: str, hint: str
) -> None:
    with pytest.raises(DataError, match=cause) as caught:
        utf8(io.BytesIO(raw), encoding)
    assert hint in caught.value.hint


def test_bytes_that_a_named_encoding_does_not_have() -> None:
    assert utf8(io.BytesIO(b"a\x81b"), "cp1252").read() == b"a\xffb"
    assert utf8(io.BytesIO("caf\u00e9".encode("latin-1")), "latin-1").read() == "caf\u00e9".encode()


def test_gzip_that_is_cut_off() -> None:
    packed = gzip.compress(os.urandom(100_000))
    with pytest.raises(DataError, match="a gzip file that is cut off or damaged"):
        list(lines(utf8(io.BytesIO(packed[:-50]))))


@pytest.mark.parametrize(
    ("raw", "hint"),
    [
        (b"a caf\xe9 in France", "set data.encoding to latin-1"),
        (b"a \x93good\x94 film in all", "set data.encoding to cp1252"),
        ("\u043f\u0440\u0438\u0432\u0435\u0442".encode("cp1251"), "such as cp1251 or gb18030"),
        ("caf\u00e9 ".encode() + b"caf\xe9 in France", "damaged there"),
    ],
)
def test_no_advice_that_would_only_change_the_damage(raw: bytes, hint: str) -> None:
    assert hint in encoding_hint(raw, "data.encoding")
