"""One row for each row, whatever it holds; what cannot be read says why."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gru_sentiment.errors import DataError
from gru_sentiment.rows import lines as lines_module
from gru_sentiment.rows.reading import Source, read_delimited, read_jsonl, read_text
from gru_sentiment.rows.row import Row

TEXT = st.text(st.characters(codec="utf-8"))


def text(content: bytes, *, keep: bool = False) -> list[Row]:
    return list(read_text(io.BytesIO(content), "text", keep).rows)


def jsonl(content: bytes, *, keep: bool = False) -> list[Row]:
    return list(read_jsonl(io.BytesIO(content), "text", keep).rows)


def open_csv(content: bytes, *, delimiter: str = ",", keep: bool = False) -> Source:
    return read_delimited(io.BytesIO(content), "text", keep, delimiter=delimiter)


def comma(content: bytes, *, keep: bool = False) -> list[Row]:
    return list(open_csv(content, keep=keep).rows)


def summary(rows: list[Row]) -> list[str]:
    """Texts, and the errors in stars."""
    return [row.text if row.error is None else f"*{row.error}*" for row in rows]


# text


@given(st.lists(TEXT.filter(lambda t: "\n" not in t and not t.endswith("\r"))))
def test_every_line_is_a_text(texts: list[str]) -> None:
    assert [row.text for row in text("".join(f"{t}\n" for t in texts).encode())] == [
        t.removeprefix("\ufeff") if i == 0 else t for i, t in enumerate(texts)
    ]


def test_lines_of_bytes_that_are_no_text() -> None:
    rows = text(b"good\n\n   \ncaf\xe9\nnul\0\r\nlast", keep=True)
    assert summary(rows) == ["good", "", "   ", "*byte 4, 0xe9, is not UTF-8*", "nul\0", "last"]
    assert [row.kept for row in rows][2:4] == [{"text": "   "}, None]


@pytest.mark.parametrize("read", [text, jsonl, comma])
def test_a_row_that_is_too_long(
    read: Callable[..., list[Row]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines_module, "MAX_BYTES", 40)
    wrap = {text: "{}", jsonl: '{{"text": "{}"}}', comma: "{}"}[read]
    lines = [wrap.format("x" * n) for n in (1, 100, 2)]
    rows = read("\n".join((["text"] if read is comma else []) + lines).encode())
    assert [row.text for row in rows] == ["x", "", "xx"]
    assert "longer than 8,388,608 bytes" in str(rows[1].error)


# JSON lines


@given(st.lists(st.text(st.characters())))
def test_every_object_is_a_row(texts: list[str]) -> None:
    content = "".join(json.dumps({"id": 1, "text": t}) + "\n" for t in texts)
    expected = [t.encode("utf-16", "surrogatepass").decode("utf-16", "replace") for t in texts]
    assert [row.text for row in jsonl(content.encode())] == expected


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("{broken", "not valid JSON: Expecting property name"),
        ("", "an empty line"),
        ("  ", "an empty line"),
        ("3", "is a number, expected an object"),
        ('["text"]', "is an array, expected an object"),
        ("null", "is null, expected an object"),
        ("{}", "no field 'text'; the object is empty"),
        ('{"id": 1, "b": 2}', "no field 'text'; fields found: id, b"),
        ('{"text": null}', "text is null, expected a string"),
        ('{"text": 1.5}', "text is a number, expected a string"),
        ('{"text": true}', "text is true or false, expected a string"),
        ('{"text": {}}', "text is an object, expected a string"),
        ('{"text": "a"} x', "not valid JSON: Extra data"),
        ('{"text": "a\tb"}', "not valid JSON: Invalid control character"),
        ('{"text": ' + "9" * 5000 + "}", "not valid JSON: Exceeds the limit"),
        ("[" * 100_000, "not valid JSON: maximum recursion depth"),
    ],
)
def test_what_is_wrong_with_an_object(line: str, error: str) -> None:
    before, bad, after = jsonl(f'{{"text": "a"}}\n{line}\n{{"text": "b"}}'.encode())
    assert summary([before, after]) == ["a", "b"]
    assert bad.error is not None
    assert bad.error.startswith(error)
    assert len(bad.error) < 200


def test_fields_are_kept_where_there_are_any() -> None:
    rows = jsonl(b'{"text": "a", "id": [1, null]}\n{"id": 2}\n{bad\n', keep=True)
    assert [row.kept for row in rows] == [{"text": "a", "id": [1, None]}, {"id": 2}, None]
    assert {row.kept for row in jsonl(b'{"text": "a"}\n')} == {None}


# delimited


@settings(deadline=None)
@given(
    st.lists(st.tuples(TEXT, TEXT)), st.sampled_from([",", "\t"]), st.sampled_from(["\n", "\r\n"])
)
def test_what_csv_writes_is_read(rows: list[tuple[str, str]], delimiter: str, end: str) -> None:
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerows([("other", "text"), *rows])
    source = open_csv(file.getvalue().encode(), delimiter=delimiter, keep=True)
    assert source.kept.names == ["other", "text"]
    found = list(source.rows)
    assert [(row.error, row.kept["other"], row.text) for row in found] == [
        (None, other, text) for other, text in rows
    ]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"text\n", []),
        (b"\n\ntext\n\na\n\n\nb", ["a", "b"]),
        (b"\xef\xbb\xbftext\na\n", ["a"]),
        (b'text\n""\n" "\n', ["", " "]),
        (b"text\nnul\0\n", ["nul\0"]),
        (b'text\n5" tall\n', ['5" tall']),
        (b'text\n"a\r\nb"\n', ["a\r\nb"]),
        (
            b"id,text\n1,a\n2\n3,b,c\n4,d\n",
            [
                "a",
                "*1 fields, the header names 2 (line 3)*",
                "*3 fields, the header names 2 (line 4)*",
                "d",
            ],
        ),
        (b"text\ncaf\xe9\nb\n", ["*not UTF-8 (line 2)*", "b"]),
        (b'text\n"a"b\nc\n', ["*',' expected after '\"' (line 2)*", "c"]),
        (b'text\na\n"b\nc\nd\n', ["a", "*unexpected end of data (line 5)*"]),
    ],
)
def test_rows_of_a_delimited_file(content: bytes, expected: list[str]) -> None:
    assert summary(comma(content)) == expected


def test_a_quote_that_is_never_closed_costs_a_bounded_number_of_rows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gru_sentiment.rows.reading.MAX_BYTES", 300)
    content = 'text\n"open\n' + "".join(f"row {i}\n" for i in range(100))
    first, *rest = comma(content.encode())
    assert str(first.error).startswith("field larger than field limit (300)")
    assert rest[-1].text == "row 99"
    assert 50 < len(rest) < 70


@pytest.mark.parametrize(
    ("content", "cause", "hint"),
    [
        (b"", "the input is empty", "name the columns"),
        (b"\n\n", "the input is empty", "name the columns"),
        (b"id,review\n", "no column 'text'; columns found: id, review", "--text-column"),
        (b"text,a,a\n", "the header names a twice", "every column once"),
        (b'"text\n', "no header can be read", ""),
    ],
)
def test_a_header_that_is_of_no_use(content: bytes, cause: str, hint: str) -> None:
    with pytest.raises(DataError, match=cause) as caught:
        open_csv(content)
    assert hint in caught.value.hint


def test_columns_that_are_known_before() -> None:
    def names(source: Source) -> Any:
        return source.kept.names

    assert names(open_csv(b"id,text\n")) == []
    assert names(read_text(io.BytesIO(), "review", True)) == ["review"]
    assert names(read_jsonl(io.BytesIO(), "review", True)) == []
