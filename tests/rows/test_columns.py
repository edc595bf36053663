from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gru_sentiment.results.predictions import Prediction
from gru_sentiment.rows.columns import kept_names, prediction_columns, prediction_values
from gru_sentiment.rows.row import Row, ScoredRow

CLASSES = ["no", "yes"]
FOUND = Prediction("yes", {"no": 0.25, "yes": 0.75}, 8, 2, True)


def test_values_stand_below_their_names() -> None:
    columns = prediction_columns(CLASSES)
    values = prediction_values(ScoredRow(1, Row("a", 1), FOUND), CLASSES)
    assert dict(zip(columns, values, strict=True)) == {
        "label": "yes",
        "probability_no": 0.25,
        "probability_yes": 0.75,
        "tokens": 8,
        "unknown_share": 0.25,
        "truncated": True,
        "error": None,
    }
    bad = prediction_values(ScoredRow(1, Row("", 1, error="why"), None), CLASSES)
    assert dict(zip(columns, bad, strict=True)) == dict.fromkeys(columns) | {"error": "why"}


def test_of_no_words_none_is_unknown() -> None:
    empty = Prediction("yes", {"no": 0.25, "yes": 0.75}, 0, 0, False)
    values = prediction_values(ScoredRow(1, Row("", 1), empty), CLASSES)
    assert values[prediction_columns(CLASSES).index("unknown_share")] == 0


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([], []),
        (["id", "text"], ["id", "text"]),
        (["text", "label"], ["text", "input_label"]),
        (["label", "input_label", "row"], ["input_input_label", "input_label", "input_row"]),
    ],
)
def test_copied_columns_keep_their_names_where_they_can(
    names: list[str], expected: list[str]
) -> None:
    assert kept_names(names, ["label", "tokens"]) == expected


@given(st.lists(st.sampled_from(["row", "a", *(f"{'input_' * i}label" for i in range(5))])))
def test_no_two_columns_have_one_name(names: list[str]) -> None:
    distinct = list(dict.fromkeys(names))
    found = ["row", "label", *kept_names(distinct, ["label"])]
    assert len(set(found)) == len(found) == len(distinct) + 2
