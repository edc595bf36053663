from __future__ import annotations

import pytest

from gru_sentiment.rows.row import BadRowError, decoded, whole_characters


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
