from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gru_sentiment.data.labels import Labels, LabelSets
from gru_sentiment.errors import DataError
from gru_sentiment.results.predictions import Label


@pytest.mark.parametrize(
    ("given", "classes"),
    [
        (["positive", "negative", "positive"], ["negative", "positive"]),
        ([1, 0, 1, 0], [0, 1]),
        ([10, 9, -1], [-1, 9, 10]),
        (["10", "9", "-1"], ["-1", "10", "9"]),
        ([str(i) for i in range(12)], sorted(str(i) for i in range(12))),
        (list(range(300)), list(range(300))),
    ],
)
def test_classes_are_sorted_as_what_they_are(given: list[Label], classes: list[Label]) -> None:
    labels = Labels.found_in(given)
    assert labels.classes == classes
    assert len(labels) == len(classes)
    assert labels.names == [str(label) for label in classes]
    assert labels.indices(given).tolist() == [classes.index(label) for label in given]
    assert labels.indices(given).dtype == np.int64


@pytest.mark.parametrize("label", ["positive", 3])
def test_one_class_only(label: Label) -> None:
    with pytest.raises(DataError, match=f"every row has the label {label!r}") as caught:
        Labels.found_in([label] * 5)
    assert "data.label_column" in caught.value.hint


@pytest.mark.parametrize(
    ("classes", "given", "indices"),
    [
        # the class itself
        (["negative", "positive"], ["positive", "negative"], [1, 0]),
        ([3, 7], [7, 3], [1, 0]),
        # its name in a file without types, or the other way round
        ([3, 7], ["7", "3"], [1, 0]),
        (["3", "7"], [7, 3], [1, 0]),
        # its index where no class bears that name
        (["negative", "positive"], [1, 0, 1], [1, 0, 1]),
        ([3, 7], [0, 1], [0, 1]),
        # a name goes before an index
        ([1, 2, 0], [0, 1, 2], [2, 0, 1]),
        (["1", "0"], [0, 1], [1, 0]),
        ([5, 1], [1, 0], [1, 0]),
    ],
)
def test_class_then_name_then_index(
    classes: list[Label], given: list[Label], indices: list[int]
) -> None:
    assert Labels(classes).indices(given).tolist() == indices


@pytest.mark.parametrize(
    ("classes", "label"),
    [
        (["negative", "positive"], "neutral"),
        (["negative", "positive"], "Positive"),
        (["negative", "positive"], "1"),
        (["negative", "positive"], 2),
        (["negative", "positive"], -1),
        ([3, 7], 2),
        ([3, 7], ""),
    ],
)
def test_a_label_that_is_no_class(classes: list[Label], label: Label) -> None:
    with pytest.raises(DataError, match=f"^label {label!r} is not a class of this model") as caught:
        Labels(classes).indices([classes[0], label])
    for known in classes:
        assert repr(known) in caught.value.cause
    assert "indices" in caught.value.hint


def test_no_labels() -> None:
    assert Labels(["a", "b"]).indices([]).shape == (0,)


@pytest.mark.parametrize(
    ("classes", "labels", "expected"),
    [
        ([1, 2], [1, 2, 1], [0, 1, 0]),
        ([1, 2], [0, 1, 0], [0, 1, 0]),
        (["1", "2"], [0, 1], [0, 1]),
        (["negative", "positive"], [1, 0], [1, 0]),
    ],
)
def test_indices_are_taken_for_all_labels_or_none(
    classes: list[Label], labels: list[Label], expected: list[int]
) -> None:
    assert Labels(classes).indices(labels).tolist() == expected


def test_targets_of_label_sets_and_back() -> None:
    given = [["slow", "funny"], [], ["slow"]]
    labels = LabelSets.found_in_sets(given)
    assert labels.classes == ["funny", "slow"]
    targets = labels.indices(given)
    assert targets.tolist() == [[1, 1], [0, 0], [0, 1]]
    assert [labels.label_of(target) for target in targets] == [["funny", "slow"], [], ["slow"]]
    assert labels.counts(targets).tolist() == [1, 2]
    assert labels != Labels(["funny", "slow"])
    assert labels == LabelSets(["funny", "slow"], ";")
    with pytest.raises(DataError, match="the texts have 1 different classes: slow"):
        LabelSets.found_in_sets([["slow"], []])


@given(st.lists(st.sets(st.sampled_from("abcdef")), min_size=1, max_size=60))
def test_rows_are_split_by_the_rarest_of_their_classes(of_rows: list[set[str]]) -> None:
    labels = LabelSets(sorted("abcdef"))
    targets = labels.indices([sorted(of_row) for of_row in of_rows])
    strata, names = labels.strata(targets)
    counts = labels.counts(targets)
    sizes = np.bincount(strata)
    assert min(sizes[sizes > 0]) >= min(10, len(of_rows))
    for of_row, stratum in zip(of_rows, strata, strict=True):
        if stratum < len(labels):
            assert names[stratum] in of_row
            assert counts[stratum] == min(counts[labels.classes.index(name)] for name in of_row)
        elif stratum == len(labels):
            assert not of_row
