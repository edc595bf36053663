"""Scores of confusion matrices written down by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as reference

from gru_sentiment.scores import counts

CONFUSION = np.array([[6, 2], [1, 11]])


def test_by_hand() -> None:
    assert counts.accuracy(CONFUSION) == 17 / 20
    assert counts.precision(CONFUSION).tolist() == [6 / 7, 11 / 13]
    assert counts.recall(CONFUSION).tolist() == [6 / 8, 11 / 12]
    assert counts.f1(CONFUSION).tolist() == [12 / 15, 22 / 25]
    assert counts.balanced_accuracy(CONFUSION) == pytest.approx((6 / 8 + 11 / 12) / 2)
    expected = (6 * 11 - 2 * 1) / np.sqrt(7 * 13 * 8 * 12)
    assert counts.mcc(CONFUSION) == pytest.approx(expected)


@settings(max_examples=40, deadline=None)
@given(cells=st.lists(st.lists(st.integers(0, 9), min_size=3, max_size=3), min_size=3, max_size=3))
def test_matthews_correlation_is_that_of_scikit_learn(cells: list[list[int]]) -> None:
    confusion = np.array(cells)
    pairs = [(i, j) for i in range(3) for j in range(3) for _ in range(cells[i][j])]
    if len({true for true, _ in pairs}) < 2:
        assert counts.mcc(confusion) is None
        return
    expected = reference.matthews_corrcoef(*zip(*pairs, strict=True))
    assert counts.mcc(confusion) == pytest.approx(expected, abs=1e-9)


def test_large_counts_lose_no_digits() -> None:
    assert counts.mcc(CONFUSION * 10**8) == pytest.approx(counts.mcc(CONFUSION), rel=1e-9)


def test_all_predicted_alike_are_worth_nothing() -> None:
    assert counts.mcc(np.array([[5, 0], [5, 0]])) == 0.0
    assert counts.precision(np.array([[5, 0], [5, 0]])).tolist() == [0.5, 0.0]


def test_a_class_without_rows() -> None:
    lacking = np.array([[4, 1], [0, 0]])
    assert counts.balanced_accuracy(lacking) == 4 / 5
    assert counts.macro(counts.f1(lacking), lacking) == pytest.approx(8 / 9)
    assert counts.mcc(lacking) is None
    assert counts.recall(lacking).tolist() == [0.8, 0.0]
