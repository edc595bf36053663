"""One row for each row, whatever it holds; what cannot be read says why."""

from __future__ import annotations

import io
import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gru_sentiment.rows import lines as lines_module
from gru_sentiment.rows import reading
from gru_sentiment.rows.lines import utf8
from gru_sentiment.rows.reading import read_json, read_jsonl, read_text
from gru_sentiment.rows.row import Row

TEXT = st.text(st.characters(codec="utf-8"))


def text(content: bytes, *, keep: bool = False) -> list[Row]:
    return list(read_text(utf8(io.BytesIO(content)), "text", keep).rows)


def jsonl(content: bytes, *, keep: bool = False) -> list[Row]:
    return list(read_jsonl(io.BytesIO(content), "text", keep).rows)


def array(content: bytes, *, keep: bool = False) -> list[Row]:
    return list(read_json(io.BytesIO(content), "text", keep).rows)


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


@pytest.mark.parametrize("read", [text, jsonl])
def test_a_row_that_is_too_long(
    read: Callable[..., list[Row]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines_module, "MAX_BYTES", 40)
    wrap = {text: "{}", jsonl: '{{"text": "{}"}}'}[read]
    lines = [wrap.format("x" * n) for n in (1, 100, 2)]
    rows = read("\n".join(lines).encode())
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
        ("3", "is a number, expected an object"),
        ('["text"]', "is an array, expected an object"),
        ("null", "is null, expected an object"),
        ("{}", "no field 'text'; the object is empty"),
        ('{"id": 1, "b": 2}', "no field 'text'; fields found: id, b"),
        ('{"Text ": 1}', "no field 'text'; fields found: 'Text '; did you mean 'Text '?"),
        ('{"text": "a", "id": 1, "id": 2}', "the object names 'id' twice"),
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


def test_empty_lines_are_no_rows_and_a_null_is_an_empty_text() -> None:
    rows = jsonl(b'\n{"text": null}\r\n \n{"text": "b"}\n\n{bad\n')
    assert [row.text for row in rows] == ["", "b", ""]
    assert [row.error is None for row in rows] == [True, True, False]
    assert str(rows[2].error).endswith("(line 6)")


def test_lines_that_end_with_cr_alone() -> None:
    assert summary(jsonl(b'{"text": "a"}\r{"text": "b"}\r')) == ["a", "b"]
    assert summary(text(b"a\rb\r")) == ["a", "b"]
    # a file whose first line ends otherwise may hold CR in its texts
    assert summary(text(b"a\nb\rc\n")) == ["a", "b\rc"]


def test_columns_that_every_row_must_have() -> None:
    content = b'{"text": "a", "label": 1}\n{"text": "b"}\n'
    good, bad = read_jsonl(io.BytesIO(content), "text", ("label",)).rows
    assert (good.kept, good.missing) == ({"text": "a", "label": 1}, ())
    assert (bad.error, bad.missing) == ("no field 'label'; fields found: text", ("label",))


# JSON arrays


@given(st.lists(st.text()), st.sampled_from([None, 1]), st.integers(1, 9))
def test_every_item_of_an_array_is_a_row(
    texts: list[str], indent: int | None, at_once: int
) -> None:
    content = json.dumps([{"id": 1, "text": t} for t in texts], indent=indent, ensure_ascii=False)
    raw = content.encode("utf-8", "surrogatepass") if content.isascii() else content.encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "BYTES_AT_ONCE", at_once)
        assert [row.text for row in array(raw)] == texts


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", []),
        (b" [ ] ", []),
        (b'{"text": "a"}\n{"text": "b"}', ["a", "b"]),
        (b'[{"text": "a"}, 5, {"text": "b"}]', ["a", "*is a number, expected an object*", "b"]),
        (b'"text"', ["*expected a JSON array of objects; nothing behind it can be read*"]),
        (
            b'[{"text": "a"} {"text": "b"}]',
            [
                "a",
                "*not valid JSON: expected ',' or ']' behind an object; nothing behind it can be "
                "read*",
            ],
        ),
        (
            b'[{"text": "a"}',
            ["a", "*not valid JSON: the array is not closed; nothing behind it can be read*"],
        ),
        (b'[{"text": "caf\xe9"}]', ["*0xe9 is not UTF-8; nothing behind it can be read*"]),
    ],
)
def test_rows_of_an_array(content: bytes, expected: list[str]) -> None:
    assert summary(array(content)) == expected


def test_an_item_that_is_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_BYTES", 100)
    monkeypatch.setattr(reading, "BYTES_AT_ONCE", 10)
    found = summary(array(json.dumps([{"text": "a"}, {"text": "x" * 500}]).encode()))
    assert found[0] == "a"
    assert "longer than" in found[1]
    assert len(found) == 2


def test_columns_that_are_known_before() -> None:
    assert read_text(io.BytesIO(), "review", True).kept == ["review"]
    assert read_jsonl(io.BytesIO(), "review", True).kept == ()
