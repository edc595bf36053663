"""Predictions as lines, and back."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gru_sentiment.results.predictions import Prediction
from gru_sentiment.rows.rendering import Delimited, JsonLines
from gru_sentiment.rows.row import Row, ScoredRow

FOUND = Prediction("yes", {"no": 0.25, "yes": 0.75}, 8, 2, False)


def good(number: int = 1, kept: Any = None) -> ScoredRow:
    return ScoredRow(number, Row("a", 1, kept), FOUND)


def bad(number: int = 1, kept: Any = None) -> ScoredRow:
    return ScoredRow(number, Row("", 1, kept, "why, so"), None)


def test_json() -> None:
    render = JsonLines()
    assert render.header == b""
    assert render.line(good(3)) == (
        b'{"row": 3, "label": "yes", "probabilities": {"no": 0.25, "yes": 0.75}, "tokens": 8, '
        b'"unknown_share": 0.25, "truncated": false}\n'
    )
    assert render.line(bad(4)) == b'{"row": 4, "error": "why, so"}\n'


def test_copied_fields_make_way_for_the_answers() -> None:
    line = JsonLines().line(good(1, {"text": "caf\u00e9", "label": 0, "tokens": None}))
    values = json.loads(line)
    assert list(values)[:4] == ["row", "text", "input_label", "input_tokens"]
    assert (values["text"], values["input_label"], values["label"]) == ("caf\u00e9", 0, "yes")
    assert "caf\u00e9".encode() in line
    assert json.loads(JsonLines().line(bad(1, {"error": "mine"}))) == {
        "row": 1,
        "input_error": "mine",
        "error": "why, so",
    }


@given(st.dictionaries(st.text(st.characters()), st.text(st.characters())))
def test_any_field_is_copied_as_it_is(kept: dict[str, str]) -> None:
    line = JsonLines().line(good(1, kept))
    assert line.count(b"\n") == 1
    copied = json.loads(line.decode())
    assert [copied[name] for name in list(copied)[1 : 1 + len(kept)]] == list(kept.values())


@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_delimited(delimiter: str) -> None:
    render = Delimited(delimiter, ["no", "yes"], ["id", "label"])
    lines = [render.header, render.line(good(1, {"id": "7", "label": "x"})), render.line(bad(2))]
    rows = list(csv.DictReader(io.StringIO(b"".join(lines).decode()), delimiter=delimiter))
    assert rows[0] == {
        "row": "1",
        "id": "7",
        "input_label": "x",
        "label": "yes",
        "probability_no": "0.25",
        "probability_yes": "0.75",
        "tokens": "8",
        "unknown_share": "0.25",
        "truncated": "false",
        "error": "",
    }
    assert {name: value for name, value in rows[1].items() if value} == {
        "row": "2",
        "error": "why, so",
    }


@given(st.lists(st.text(st.characters(codec="utf-8")), min_size=1), st.sampled_from([",", "\t"]))
def test_any_value_is_copied_as_it_is(values: list[str], delimiter: str) -> None:
    render = Delimited(delimiter, ["no"], list(map(str, range(len(values)))))
    line = render.line(bad(1, dict(zip(map(str, range(len(values))), values, strict=True))))
    assert render.values(line)[1 : 1 + len(values)] == values
    assert line.endswith(b"\n")
    assert not line.endswith(b"\r\n")
    text = line.decode()
    assert next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)) == (
        render.values(line)
    )


@pytest.mark.parametrize("render", [JsonLines(), Delimited(",", ["no"], [])])
def test_what_is_no_row(render: JsonLines | Delimited) -> None:
    for line in (b'"a"b\n', b"\xff\n"):
        with pytest.raises(ValueError, match=r".+"):
            render.values(line)
