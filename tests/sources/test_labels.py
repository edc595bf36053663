"""One rule for labels, whatever file they come from."""

from __future__ import annotations

import decimal
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gru_sentiment.errors import DataError
from gru_sentiment.sources.labels import (
    Label,
    check_known,
    matched,
    named_classes,
    normal_labels,
    rows_of,
)

NAN = float("nan")


def normal(*labels: object) -> list[Label]:
    return normal_labels({"here": labels})["here"]


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["pos", "neg"], ["pos", "neg"]),
        ([" pos", "pos\t", "\ufeffpos\n"], ["pos"] * 3),
        (["caf\u00e9", "cafe\u0301"], ["caf\u00e9"] * 2),
        ([1, 1.0, True, "1", "1.0", "+1", " 1.", "true", "TRUE", decimal.Decimal(1)], [1] * 10),
        ([0, 0.0, False, "0", "-0", "False"], [0] * 6),
        ([-1, "-1", -1.0], [-1] * 3),
        ([0.5, "1.0", 2, "2.50"], ["0.5", "1", "2", "2.5"]),
        (["1", "good", "1.0"], ["1", "good", "1"]),
        ([1, "good"], ["1", "good"]),
        # as written: a code, and words of others
        (["007", "7"], ["007", "7"]),
        (["1_0", "10"], ["1_0", "10"]),
        (["true", "half true"], ["true", "half true"]),
        (["\u0661", "1"], ["\u0661", "1"]),
        (["None", "NA", "null"], ["None", "NA", "null"]),
        ([str(10**30), "a"], [str(10**30), "a"]),
    ],
)
def test_the_normal_form(labels: list[object], expected: list[Label]) -> None:
    assert normal(*labels) == expected
    assert [type(x) for x in normal(*labels)] == [type(x) for x in expected]


@given(st.lists(st.one_of(st.integers(-99, 99), st.sampled_from(["good", "bad", "caf\u00e9"]))))
def test_the_form_in_which_a_file_writes_a_label_does_not_count(labels: list[Label]) -> None:
    written = [
        f" {unicodedata.normalize('NFD', x)}" if isinstance(x, str) else f"{x}.0" for x in labels
    ]
    assert normal(*written) == normal(*labels) == normal(*normal(*labels))


@given(st.lists(st.sampled_from([1, 0, "1.0", True, "false", 0.0, "0"]), min_size=2, max_size=9))
def test_splits_are_read_by_one_rule(labels: list[object]) -> None:
    apart = normal_labels({"a": labels[:1], "b": labels[1:]})
    assert apart["a"] + apart["b"] == normal(*labels)
    words = normal_labels({"a": ["word"], "b": labels})
    assert all(isinstance(label, str) for label in words["b"])


@pytest.mark.parametrize(
    ("labels", "rows"),
    [
        (["x", None, "y"], "1 of 3 rows have no label: row 2"),
        (["", "x", " "], "2 of 3 rows have no label: rows 1, 3"),
        ([1.0, NAN, "NaN", "<NA>"], "3 of 4 rows have no label: rows 2, 3, 4"),
        (["x"] + [""] * 1_234, "1,234 of 1,235 rows have no label: rows 2, 3, 4, 5, 6, …"),
    ],
)
def test_rows_without_a_label(labels: list[object], rows: str) -> None:
    with pytest.raises(DataError) as caught:
        normal(*labels)
    assert caught.value.cause == f"here: {rows} (counting rows from 1, the header aside)"


@pytest.mark.parametrize(
    ("labels", "cause"),
    [
        (["x", ["y"]], r"here: a label is \['y'\] \(list\)"),
        (["x", {"y": 1}], r"here: a label is \{'y': 1\} \(dict\)"),
        ([1, 2**63], f"here: label {2**63} is too large"),
        (["\ud83d", "x"], "half a character"),
        ([i + 0.5 for i in range(21)], "21 different decimals as labels, such as 0.5"),
    ],
)
def test_values_that_are_no_classes(labels: list[object], cause: str) -> None:
    with pytest.raises(DataError, match=cause):
        normal(*labels)


@pytest.mark.parametrize(
    ("one", "other"),
    [("good", "Good"), ("very good", "very  good"), ("\ufb01ne", "fine"), ("True", "true")],
)
def test_classes_that_a_slip_tells_apart(one: str, other: str) -> None:
    with pytest.raises(DataError) as caught:
        normal_labels({"a.csv": [one, "word", one], "b.csv": ["word", other]})
    assert caught.value.cause == (
        f"the classes {one!r} (2 rows, first in a.csv row 1) and {other!r} (1 rows, first in b.csv "
        "row 2) differ by case, blanks or Unicode form alone"
    )


def test_a_class_that_only_another_split_has() -> None:
    check_known({"a": ["x", "y"], "b": ["y"]}, "a")
    with pytest.raises(DataError) as caught:
        check_known({"a": [1, 0], "b": [0, 2, 3, 2]}, "a")
    assert caught.value.cause == (
        "b: the label 2 of 2 of 4 rows (rows 2, 4), and 1 more, is a label that no row of a has: "
        "0, 1"
    )


@pytest.mark.parametrize(
    ("labels", "expected"),
    [([1, 0], ["yes", "no"]), (["yes", "no"], ["yes", "no"])],
)
def test_names_of_classes(labels: list[Label], expected: list[Label]) -> None:
    assert named_classes({"here": labels}, ["no", "yes"]) == {"here": expected}


@pytest.mark.parametrize(
    ("labels", "cause"),
    [
        ([0, 2], r"here: label 2 has no name \(row 2\); data.label_names gives 2: no, yes"),
        ([-1, 1], r"here: label -1 has no name \(row 1\)"),
        (
            ["no", "maybe"],
            "here: data.label_names .*no, yes, and row 2 has the label 'maybe'",
        ),
    ],
)
def test_names_that_do_not_fit(labels: list[Label], cause: str) -> None:
    with pytest.raises(DataError, match=cause):
        named_classes({"here": labels}, ["no", "yes"])


@pytest.mark.parametrize(
    ("classes", "labels", "expected"),
    [
        (["no", "yes"], ["yes ", "no"], ["yes", "no"]),
        (["no", "yes"], [1, 0.0], ["yes", "no"]),
        (["no", "yes"], ["1", "0"], ["yes", "no"]),
        ([0, 1], ["1.0", True], [1, 1]),
        # classes of runs that were trained before there was one rule
        (["0.0", "1.0"], [1, "0"], ["1.0", "0.0"]),
        (["False", "True"], [True, "False"], ["True", "False"]),
        (["half true", "true"], [True, "true"], ["true", "true"]),
        ([3, 7], ["7", "3"], [7, 3]),
        ([1, 2, 0], [0, 1, 2], [0, 1, 2]),
        ([3, 7], [0, 1], [3, 7]),
    ],
)
def test_labels_as_classes_of_a_model(
    classes: list[Label], labels: list[object], expected: list[Label]
) -> None:
    assert matched(labels, classes, "here") == expected


@pytest.mark.parametrize(
    ("classes", "labels", "cause", "hint"),
    [
        (["bad", "good"], ["goood", "good", "goood"], "label 'goood' of 2 of 3 rows", "'good'"),
        (["bad", "good"], ["Good", "bad"], r"label 'Good' of 1 of 2 rows \(row 1\)", "'good'"),
        ([0, 1], [0, 2], "label '2' of 1 of 2 rows .* is not a class of this model: 0, 1", ""),
        (["bad", "good"], ["bad", ""], "1 of 2 rows have no label: row 2", ""),
    ],
)
def test_labels_that_are_no_classes(
    classes: list[Label], labels: list[object], cause: str, hint: str
) -> None:
    with pytest.raises(DataError, match=cause) as caught:
        matched(labels, classes, "here")
    assert caught.value.cause.startswith("here: ")
    assert hint in caught.value.hint


def test_rows_in_a_message() -> None:
    assert rows_of([0]) == "row 1"
    assert rows_of(list(range(9))) == "rows 1, 2, 3, 4, 5, …"
