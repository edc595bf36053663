from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gru_sentiment.errors import DataError
from gru_sentiment.results.predictions import Label
from gru_sentiment.sources.records import (
    fingerprint_of,
    integers_where_all_are,
    name_labels,
    records_from,
    text_and_label,
)

TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=6), min_size=1)


def table_of(texts: list[str], labels: list[Label]) -> pa.Table:
    return text_and_label(texts, labels, "here")


# --- joining parts ---


def test_parts_follow_each_other() -> None:
    records = records_from(
        {
            "train": table_of(["a", "b", "c"], ["x", "y", "x"]),
            "validation": table_of(["d"], ["y"]),
            "test": table_of(["e", "a"], ["x", "z"]),
        }
    )
    assert records.splits == {"train": range(3), "validation": range(3, 4), "test": range(4, 6)}
    assert records.texts.to_pylist() == ["a", "b", "c", "d", "e", "a"]
    assert records.labels == ["x", "y", "x", "y", "x", "z"]
    assert records.dataset[4] == {"text": "e", "label": "x"}
    assert records.dataset.column_names == ["text", "label"]


@pytest.mark.parametrize("labels", [["x", "y"], [3, -1]])
def test_labels_come_back_as_given(labels: list[Label]) -> None:
    found = records_from({"train": table_of(["a", "b"], labels)}).labels
    assert found == labels
    assert [type(label) for label in found] == [type(label) for label in labels]


@pytest.mark.parametrize("other", [["x", "y"], ["0", "1"]])
def test_parts_whose_labels_are_of_two_types(other: list[Label]) -> None:
    parts = {"train": table_of(["a", "b"], [0, 1]), "test": table_of(["c", "d"], other)}
    with pytest.raises(DataError, match=r"labels.*(train|test)"):
        records_from(parts)


# --- the fingerprint ---


@given(TEXTS, st.data())
@settings(max_examples=40, deadline=None)
def test_fingerprint_ignores_chunks(texts: list[str], data: st.DataObject) -> None:
    table = table_of(texts, list(range(len(texts))))
    cut = data.draw(st.integers(0, len(texts)))
    pieces = [table_of(texts[a:b], list(range(a, b))) for a, b in ((0, cut), (cut, len(texts)))
              if a < b]  # fmt: skip
    assert fingerprint_of(pa.concat_tables(pieces)) == fingerprint_of(table)


def test_fingerprint_is_of_the_rows_of_a_slice_alone() -> None:
    table = table_of(["aa", "b", "c", "d"], [0, 1, 2, 3])
    assert fingerprint_of(table.slice(1)) == fingerprint_of(table_of(["b", "c", "d"], [1, 2, 3]))
    assert fingerprint_of(table.slice(1)) != fingerprint_of(table.slice(0, 3))


@pytest.mark.parametrize(
    ("texts", "labels"),
    [
        (["ab", "d"], [0, 1]),
        (["ab", "c "], [0, 1]),
        (["a", "bc"], [0, 1]),
        (["c", "ab"], [0, 1]),
        (["ab", "c"], [0, 2]),
        (["ab", "c"], [1, 0]),
        (["ab", "c"], ["0", "1"]),
        (["ab", "c", ""], [0, 1, 1]),
        (["AB", "c"], [0, 1]),
    ],
)
def test_fingerprint_changes_with_any_byte(texts: list[str], labels: list[Label]) -> None:
    before = records_from({"train": table_of(["ab", "c"], [0, 1])})
    assert records_from({"train": table_of(texts, labels)}).fingerprint != before.fingerprint
    again = records_from({"train": table_of(["ab", "c"], [0, 1])})
    assert again.fingerprint == before.fingerprint


def test_fingerprint_changes_with_the_columns() -> None:
    table = table_of(["a", "b"], [0, 1])
    renamed = table.rename_columns(["text", "stars"])
    unsigned = table.set_column(1, "label", table["label"].cast(pa.uint64()))
    assert len({fingerprint_of(x) for x in (table, renamed, unsigned)}) == 3


def test_fingerprint_changes_with_one_byte_of_a_long_text() -> None:
    texts = ["word " * 10_000, "x"]
    before = fingerprint_of(table_of(texts, [0, 1]))
    texts[0] = texts[0][:25_000] + "W" + texts[0][25_001:]
    assert fingerprint_of(table_of(texts, [0, 1])) != before


# --- one part ---


def test_a_missing_text_is_an_empty_one() -> None:
    assert text_and_label(["a", None, ""], ["x", "y", "x"], "here")["text"].to_pylist() == [
        "a",
        "",
        "",
    ]


@pytest.mark.parametrize("text", [5, ["a", "b"], 1.5])
def test_a_text_that_is_no_string(text: object) -> None:
    with pytest.raises(DataError, match=f"^here: .*{type(text).__name__}"):
        text_and_label(["a", text], ["x", "y"], "here")  # type: ignore[list-item]


def test_no_rows() -> None:
    with pytest.raises(DataError, match=r"^here: holds no rows") as caught:
        text_and_label([], [], "here")
    assert "header" in caught.value.hint


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["x", None, "y"], r"1 of 3 rows have no label: row 2 \("),
        (["", "x", ""], r"2 of 3 rows have no label: rows 1, 3 \("),
        ([None] * 5 + ["x"], r"5 of 6 rows have no label: rows 1, 2, 3, 4, 5 \("),
        (["x", *[None] * 6], r"6 of 7 rows have no label: rows 2, 3, 4, 5, 6, … \("),
        (["x"] + [""] * 1_234, r"1,234 of 1,235 rows"),
    ],
)
def test_missing_labels_by_their_rows(labels: list[Label | None], message: str) -> None:
    with pytest.raises(DataError, match=f"^here: {message}"):
        text_and_label(["text"] * len(labels), labels, "here")


@pytest.mark.parametrize(
    ("labels", "kinds"),
    [
        (["x", 1], "int, str"),
        ([True, False], "bool"),
        ([0.5, 1.0], "float, int"),
        ([float("nan"), 1], "float, int"),
        ([["x"], ["y"]], "list"),
    ],
)
def test_labels_of_other_kinds(labels: list[object], kinds: str) -> None:
    with pytest.raises(DataError, match="labels must be all strings or all integers") as caught:
        text_and_label(["a", "b"], labels, "here")
    assert caught.value.cause.startswith("here: ")
    assert caught.value.cause.endswith(f"found {kinds}")


@pytest.mark.parametrize("label", [2**63, -(2**63) - 1, 10**30])
def test_an_integer_label_too_large_to_store(label: int) -> None:
    with pytest.raises(DataError, match=r"^here: .*label"):
        text_and_label(["a", "b"], [0, label], "here")


def test_whole_floats_are_integers() -> None:
    found = text_and_label(["a", "b"], [1.0, 0], "here")["label"]
    assert found.to_pylist() == [1, 0]
    assert pa.types.is_integer(found.type)


# --- names of classes ---


def test_integers_are_named() -> None:
    table = name_labels(table_of(["a", "b", "c"], [1, 0, 1]), ["negative", "positive"], "here")
    assert table["label"].to_pylist() == ["positive", "negative", "positive"]
    assert table["text"].to_pylist() == ["a", "b", "c"]


@pytest.mark.parametrize("labels", [["1", "0"], ["good", "bad"]])
def test_strings_have_their_names_already(labels: list[Label]) -> None:
    table = table_of(["a", "b"], labels)
    assert name_labels(table, ["negative", "positive"], "here") is table


def test_no_names_change_nothing() -> None:
    table = table_of(["a", "b"], [1, 0])
    assert name_labels(table, None, "here") is table


@pytest.mark.parametrize(("labels", "odd"), [([0, 2], 2), ([-1, 1], -1), ([0, 7, 3], 3)])
def test_a_class_without_a_name(labels: list[Label], odd: int) -> None:
    table = table_of(["a"] * len(labels), labels)
    with pytest.raises(DataError, match=f"^here: label {odd} has no name") as caught:
        name_labels(table, ["negative", "positive"], "here")
    assert "data.label_names gives 2: negative, positive" in caught.value.cause


# --- labels of text formats ---


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["1", "0", "-1"], [1, 0, -1]),
        (["1", "", "0"], [1, None, 0]),
        (["1", "good"], ["1", "good"]),
        (["1.0", "0.0"], ["1.0", "0.0"]),
        # written in two ways these are two classes, and they come back as given
        (["01", "1"], ["01", "1"]),
        (["1_0", "10"], ["1_0", "10"]),
        (["+1", "1"], ["+1", "1"]),
        (["\u0661", "1"], ["\u0661", "1"]),
    ],
)
def test_integers_where_every_label_is_one(labels: list[str], expected: list[object]) -> None:
    assert integers_where_all_are(labels) == expected
