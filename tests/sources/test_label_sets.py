"""Labels of several classes a text: one rule for lists and for values with a separator."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gru_sentiment.errors import DataError
from gru_sentiment.sources.label_sets import has_sets, matched_sets, normal_label_sets
from gru_sentiment.sources.records import RawSplit, records_from

WORDS = ["calm", "funny", "long", "slow", "warm"]


def sets(*labels: object, separator: str | None = "|", **options: object) -> list[list[object]]:
    found = normal_label_sets({"a.csv": labels}, "a.csv", separator=separator, **options)  # type: ignore[arg-type]
    return found["a.csv"]  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["funny|slow", "slow", ""], [["funny", "slow"], ["slow"], []]),
        ([" slow | funny |", "funny||funny"], [["funny", "slow"], ["funny"]]),
        (["2|1.0", "1", 10], [[1, 2], [1], [10]]),
        (["1|good", "1.0"], [["1", "good"], ["1"]]),
    ],
)
def test_separated(labels: list[object], expected: list[list[object]]) -> None:
    assert sets(*labels) == expected


def test_lists_need_no_separator_and_give_the_same() -> None:
    given_lists = [["slow", "funny"], [], ["slow", " "], [1, "1.0"]]
    assert sets(*given_lists, separator=None) == [["funny", "slow"], [], ["slow"], ["1"]]
    assert has_sets(given_lists, None)
    assert has_sets(["a"], "|")
    assert not has_sets(["a|b"], None)


@given(st.lists(st.sets(st.sampled_from(WORDS)), min_size=1))
def test_a_list_and_its_joined_words_are_one_label(of_rows: list[set[str]]) -> None:
    expected = [sorted(of_row) for of_row in of_rows]
    assert sets(*map(list, of_rows), separator=None) == expected
    assert sets(*(" | ".join(of_row) for of_row in of_rows)) == expected


def test_names_of_classes() -> None:
    assert sets("0|1", "1", names=["bad", "good"]) == [["bad", "good"], ["good"]]
    with pytest.raises(DataError, match=r"a\.csv: label 2 has no name \(row 2\)"):
        sets("0|1", "0|2", names=["bad", "good"])


def test_messages_name_the_row_and_not_the_place_in_it() -> None:
    with pytest.raises(DataError, match=r"'funny' \(1 rows, first in a\.csv row 1\)") as caught:
        sets("funny|slow|long", "slow", "Funny")
    assert "'Funny' (1 rows, first in a.csv row 3)" in str(caught.value)
    raw = {"a.csv": ["slow|long", "funny"], "b.csv": ["slow|long", "long|fnuny", "long"]}
    with pytest.raises(DataError, match=r"b\.csv: the label 'fnuny' of 1 of 3 rows \(row 2\)") as c:
        normal_label_sets(raw, "a.csv", separator="|")
    assert "did you mean 'funny'?" in c.value.hint


def test_no_label_at_all_and_a_list_among_words() -> None:
    with pytest.raises(DataError, match=r"2 of 3 rows have no label: rows 1, 3") as caught:
        sets(None, "slow", None)
    assert "an empty list" in caught.value.hint
    with pytest.raises(DataError, match=r"other rows are lists, and row 2 holds 'slow'"):
        sets(["slow"], "slow", separator=None)


def test_classes_of_a_model() -> None:
    assert matched_sets(["slow|funny", ""], ["funny", "slow"], "|", "b.csv") == [
        ["funny", "slow"],
        [],
    ]
    with pytest.raises(DataError, match=r"b\.csv: the label 'dull' of 1 of 2 rows \(row 2\)"):
        matched_sets(["slow", "slow|dull"], ["funny", "slow"], "|", "b.csv")


def test_records_hold_lists() -> None:
    records = records_from({"train": RawSplit("a", ["x", "y"], ["b|a", ""])}, separator="|")
    assert records.has_label_sets
    assert records.labels == [["a", "b"], []]
    assert not records_from({"train": RawSplit("a", ["x", "y"], ["b|a", "c"])}).has_label_sets


@pytest.mark.parametrize("weight", ["much", "-1", None, "nan", float("inf")])
def test_weights_are_numbers_from_0_on(weight: object) -> None:
    split = RawSplit("a.csv", ["x", "y"], ["p", "n"], [1, weight])
    with pytest.raises(DataError, match=r"a\.csv: row 2: the weight .* is not a number") as caught:
        records_from({"train": split})
    assert "data.weight_column" in caught.value.hint


def test_weights_of_the_training_rows_alone() -> None:
    splits = {
        "train": RawSplit("a.csv", ["x", "y"], ["p", "n"], ["2", 0.5]),
        "test": RawSplit("b.csv", ["z"], ["p"]),
    }
    records = records_from(splits)
    assert records.weights is not None
    assert records.weights.tolist() == [2, 0.5, 1]
    assert records_from({"train": RawSplit("a", ["x"], ["p"])}).weights is None
    with pytest.raises(DataError, match="the weights of all rows are 0"):
        records_from({"train": RawSplit("a.csv", ["x", "y"], ["p", "n"], [0, "0"])})
