"""Accuracy by slice, against plain counts."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gru_sentiment.errors import DataError
from gru_sentiment.scores.intervals import wilson
from gru_sentiment.scores.slices import MOST, length_slices, slice_scores, value_slices


@settings(max_examples=50, deadline=None)
@given(rows=st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), min_size=1, max_size=40))
def test_counts_by_slice(rows: list[tuple[str, bool]]) -> None:
    names, correct = zip(*rows, strict=True)
    scores = slice_scores(names, np.array(correct))
    assert sorted(score.name for score in scores) == sorted(set(names))
    assert [s.accuracy for s in scores] == sorted(s.accuracy for s in scores)
    for score in scores:
        of_slice = [right for name, right in rows if name == score.name]
        assert score.n == len(of_slice)
        assert score.accuracy == sum(of_slice) / len(of_slice)
        assert (score.low, score.high) == wilson(sum(of_slice), len(of_slice))


def test_of_equal_slices_the_larger_comes_first() -> None:
    scores = slice_scores(["a", "b", "b"], np.array([True, True, True]))
    assert [score.name for score in scores] == ["b", "a"]


def test_too_many_slices() -> None:
    names = [f"user {i}" for i in range(MOST + 1)]
    assert len(slice_scores(names[1:], np.ones(MOST, bool))) == MOST
    with pytest.raises(DataError, match="101 different values make 101 slices; 100 are") as caught:
        slice_scores(names, np.ones(MOST + 1, bool))
    assert "few values" in caught.value.hint


def test_quarters_of_the_lengths() -> None:
    names = length_slices(np.array([1, 2, 3, 4, 5, 6, 7, 1800]))
    assert names == [
        *["1 to 2 tokens"] * 2,
        *["3 to 4 tokens"] * 2,
        *["5 to 6 tokens"] * 2,
        *["7 to 1,800 tokens"] * 2,
    ]


@settings(max_examples=50, deadline=None)
@given(words=st.lists(st.integers(0, 30), min_size=1, max_size=60))
def test_texts_of_one_length_stay_together(words: list[int]) -> None:
    names = length_slices(np.array(words))
    assert len(set(zip(words, names, strict=True))) == len(set(words))
    assert len(set(names)) <= 4
    # in the order of the lengths, no slice is entered twice
    ordered = [name for _, name in sorted(zip(words, names, strict=True))]
    changes = sum(a != b for a, b in pairwise(ordered))
    assert changes == len(set(names)) - 1


def test_all_of_one_length_are_one_slice() -> None:
    assert length_slices(np.array([5, 5, 5])) == ["5 tokens"] * 3


def test_values_of_any_kind_name_slices() -> None:
    values = ["a", "", None, 1, 1.5, True, ["x"]]
    assert value_slices(values) == ["a", "(empty)", "(empty)", "1", "1.5", "True", "['x']"]
