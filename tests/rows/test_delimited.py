"""Rows of delimited files: every row once, and stray quotes named by their lines."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gru_sentiment.errors import DataError
from gru_sentiment.rows import lines as lines_module
from gru_sentiment.rows.delimited import read_delimited
from gru_sentiment.rows.reading import MissingColumnError, Source
from gru_sentiment.rows.row import Row

TEXT = st.text(st.characters(codec="utf-8"))


def open_csv(
    content: bytes, *, delimiter: str = ",", keep: bool = False, quoted: bool = True
) -> Source:
    return read_delimited(
        io.BytesIO(content), "text", keep, delimiter=delimiter, quoted=quoted, setting="--{}"
    )


def comma(content: bytes, *, keep: bool = False) -> list[Row]:
    return list(open_csv(content, keep=keep).rows)


def summary(rows: list[Row]) -> list[str]:
    """Texts, and the errors in stars."""
    return [row.text if row.error is None else f"*{row.error}*" for row in rows]


@settings(deadline=None)
@given(
    st.lists(st.tuples(TEXT, TEXT)), st.sampled_from([",", "\t"]), st.sampled_from(["\n", "\r\n"])
)
def test_what_csv_writes_is_read(rows: list[tuple[str, str]], delimiter: str, end: str) -> None:
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerows([("other", "text"), *rows])
    source = open_csv(file.getvalue().encode(), delimiter=delimiter, keep=True)
    assert list(source.kept) == ["other", "text"]
    found = list(source.rows)
    assert [(row.error, row.kept["other"], row.text) for row in found] == [
        (None, other, text) for other, text in rows
    ]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"text\n", []),
        (b"\n\ntext\n\na\n\n\nb", ["a", "b"]),
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
        (b"text\ncaf\xe9\nb\n", ["*0xe9 is not UTF-8 (line 2)*", "b"]),
        (b'text\n"a"b\nc\n', ["ab", "c"]),
        (b'text,id\n"a"b "c",1\n', ['ab "c"']),
        (
            b'text\na\n"b\nc\nd\n',
            ["a", "*the quote that opens in line 3 is never closed*", "c", "d"],
        ),
        (b"text,id\ra,1\rb,2\r", ["a", "b"]),
        (b'text,id\r\n"a\rb",1\r\n', ["a\rb"]),
        (
            b'text\nx\n"a\nb "c\nd\n',
            [
                "x",
                "*the quote that opens in line 3 closes in line 4, and text goes on behind it*",
                'b "c',
                "d",
            ],
        ),
        # the first value of several lines is none of the matter
        (
            b'id,text\n"1\n2","a\nb "c"\n',
            [
                "*the quote that opens in line 3 closes in line 4, and text goes on behind it*",
                "*the quote that opens in line 3 closes in line 4, and text goes on behind it*",
                "*1 fields, the header names 2 (line 4)*",
            ],
        ),
    ],
)
def test_rows_of_a_delimited_file(content: bytes, expected: list[str]) -> None:
    assert summary(comma(content)) == expected


def test_a_quote_that_is_never_closed_costs_its_own_row_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    content = 'text\n"open\n' + "".join(f"row {i}\n" for i in range(100))
    for most in (300, 1 << 20):
        monkeypatch.setattr("gru_sentiment.rows.delimited.MAX_BYTES", most)
        first, *rest = comma(content.encode())
        assert str(first.error).startswith("the quote that opens in line 2 is n")
        assert [row.text for row in rest] == [f"row {i}" for i in range(100)]


@pytest.mark.parametrize(
    ("content", "cause", "hint"),
    [
        (b"", "the input is empty", "name the columns"),
        (b"\n\n", "the input is empty", "name the columns"),
        (b"id,review\n", "no column 'text'; columns found: id, review", "--text-column"),
        (b"text,a,a\n", "the header names 'a' twice", "every column once"),
        (b'"text\n', "no header can be read", ""),
    ],
)
def test_a_header_that_is_of_no_use(content: bytes, cause: str, hint: str) -> None:
    with pytest.raises(DataError, match=cause) as caught:
        open_csv(content)
    assert hint in caught.value.hint


def test_a_row_that_is_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines_module, "MAX_BYTES", 40)
    rows = comma(b"text\nx\n" + b"y" * 100 + b"\nxx\n")
    assert [row.text for row in rows] == ["x", "", "xx"]
    assert rows[1].error == "longer than 8,388,608 bytes (line 3)"


def test_two_stray_quotes_with_rows_between_them() -> None:
    """A well-formed csv with one long text: but its lines are rows with classes of other rows."""
    labels = ["bad", "good"] * 10
    lines = [f"film number {i},{label}" for i, label in enumerate(labels)]
    lines[4], lines[8] = '"a 5, great,good', 'it is 5",good'
    assert next(csv.reader(["\n".join(lines[4:9])])) != lines[4].split(",")
    lines[4] = '"a great film,good'
    rows = comma(("text,label\n" + "\n".join(lines)).encode())
    assert [i for i, row in enumerate(rows) if row.error] == [4]
    assert rows[4].error == (
        "the quote that opens in line 6 closes in line 10, and rows stand between them"
    )
    assert rows[8].text == 'it is 5"'
    assert len(rows) == 20


def test_two_stray_quotes_between_numbered_rows() -> None:
    lines = [f"{i},film number {i}" for i in range(9)]
    lines[2], lines[5] = '2,"a film', '5,of 5"'
    rows = comma(("id,text\n" + "\n".join(lines)).encode())
    assert [i for i, row in enumerate(rows) if row.error] == [2]
    assert rows[5].text == 'of 5"'


@pytest.mark.parametrize(
    "text",
    [
        "It was good, really.\nI liked it.",
        "good, bad\nand ugly",
        "one\ntwo\nthree",
        "First, a plot.\nSecond, music.\nThird, a cast",
        'He said "good"\n, and left',
    ],
)
def test_texts_of_several_lines(text: str) -> None:
    quoted = '"' + text.replace('"', '""') + '"'
    content = f"text,label\na,good\nb,bad\n{quoted},good\nc,bad\n"
    assert summary(comma(content.encode())) == ["a", "b", text, "c"]


def test_quotes_are_characters_where_no_value_stands_in_quotes() -> None:
    content = b'text\tid\n"a\t1\nb" c\t2\n"d"\t3\n'
    rows = list(open_csv(content, delimiter="\t", quoted=False).rows)
    assert summary(rows) == ['"a', 'b" c', '"d"']


@given(st.lists(st.tuples(st.text('ab" ', max_size=6), st.sampled_from(["x", "y"])), max_size=8))
@settings(deadline=None)
def test_no_line_is_lost(rows: list[tuple[str, str]]) -> None:
    """Whatever quotes do: rows that were written are read, and bad rows are as many as lines."""
    content = "".join(f"{text},{label}\n" for text, label in rows)
    found = comma(f"text,label\na,x\nb,y\n{content}".encode())[2:]
    assert len(found) == len(rows)
    for (text, _), row in zip(rows, found, strict=True):
        if '"' not in text:
            assert (row.text, row.error) == (text, None)


@pytest.mark.parametrize(
    ("header", "hint"),
    [
        ("Text,label", "did you mean 'Text'?"),
        (" text,label", "did you mean ' text'?"),
        ("text;label", "if ';' separates the columns, set --delimiter to it"),
        ("text\tlabel", "if a tab separates the columns, set --delimiter to it"),
        ("review,label", "name yours with --text-column"),
    ],
)
def test_how_a_column_may_be_found(header: str, hint: str) -> None:
    with pytest.raises(MissingColumnError, match="no column 'text'; columns found: ") as caught:
        open_csv(f"{header}\na,b\n".encode())
    assert caught.value.hint.startswith(hint)


def test_names_in_quotes_where_quotes_are_characters() -> None:
    with pytest.raises(MissingColumnError) as caught:
        open_csv(b'"text"\t"label"\n', delimiter="\t", quoted=False)
    assert caught.value.hint == "the names stand in quotes: set --quoting to double"


def test_columns_without_a_name() -> None:
    content = b"text,label,,\na,b,,\n"
    assert summary(comma(content)) == ["a"]
    with pytest.raises(DataError, match="columns without a name"):
        open_csv(content, keep=True)
    assert open_csv(b"id,text\n").kept == []
