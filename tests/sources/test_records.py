from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gru_sentiment.errors import DataError
from gru_sentiment.results.predictions import Label
from gru_sentiment.sources.records import RawSplit, fingerprint_of, records_for, records_from

TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=6), min_size=1)


def split_of(texts: list[str], labels: list[Label], where: str = "here") -> RawSplit:
    return RawSplit(where, texts, labels)


def table_of(texts: list[str], labels: list[Label]) -> pa.Table:
    return pa.table({"text": pa.array(texts, pa.large_string()), "label": labels})


# --- joining parts ---


def test_parts_follow_each_other() -> None:
    records = records_from(
        {
            "train": split_of(["a", "b", "c"], ["x", "y", "x"], "1"),
            "validation": split_of(["d"], ["y"], "2"),
            "test": split_of(["e", "a"], ["x", "y"], "3"),
        }
    )
    assert records.splits == {"train": range(3), "validation": range(3, 4), "test": range(4, 6)}
    assert records.texts.to_pylist() == ["a", "b", "c", "d", "e", "a"]
    assert records.labels == ["x", "y", "x", "y", "x", "y"]
    assert records.dataset[4] == {"text": "e", "label": "x"}
    assert records.dataset.column_names == ["text", "label"]


@pytest.mark.parametrize("labels", [["x", "y"], [3, -1]])
def test_labels_come_back_as_given(labels: list[Label]) -> None:
    found = records_from({"train": split_of(["a", "b"], labels)}).labels
    assert found == labels
    assert [type(label) for label in found] == [type(label) for label in labels]


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
        (["ab", "c", ""], [0, 1, 1]),
        (["AB", "c"], [0, 1]),
    ],
)
def test_fingerprint_changes_with_any_byte(texts: list[str], labels: list[Label]) -> None:
    before = records_from({"train": split_of(["ab", "c"], [0, 1])})
    assert records_from({"train": split_of(texts, labels)}).fingerprint != before.fingerprint
    again = records_from({"train": split_of(["ab", "c"], [0, 1])})
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


# --- one split ---


def test_a_missing_text_is_an_empty_one() -> None:
    split = RawSplit("here", ["a", None, ""], ["x", "y", "x"])
    assert records_from({"train": split}).texts.to_pylist() == ["a", "", ""]


@pytest.mark.parametrize("text", [5, ["a", "b"], 1.5])
def test_a_text_that_is_no_string(text: object) -> None:
    with pytest.raises(DataError, match=f"^here: .*{type(text).__name__}"):
        records_from({"train": RawSplit("here", ["a", text], ["x", "y"])})  # type: ignore[list-item]


def test_no_rows() -> None:
    with pytest.raises(DataError, match=r"^here: holds no rows") as caught:
        records_from({"train": split_of([], [])})
    assert "header" in caught.value.hint


def test_integers_are_named() -> None:
    rows = split_of(["a", "b", "c"], [1, 0, 1])
    records = records_from({"train": rows}, ["negative", "positive"])
    assert records.labels == ["positive", "negative", "positive"]


def test_a_name_that_no_row_has() -> None:
    rows = split_of(["a", "b"], [1, 0])
    assert records_from({"train": rows}, ["a", "b", "c"]).labels == ["b", "a"]
    with pytest.raises(DataError, match=r"3 names, and no row is of the class 'c' \(2\)"):
        records_from({"train": rows}, ["a", "b", "c"], all_named_occur=True)


def test_the_classes_of_a_model() -> None:
    records = records_for(["no", "yes"], split_of(["a", "b"], [1, 0]))
    assert records.labels == ["yes", "no"]
    assert records.splits == {"data": range(2)}
