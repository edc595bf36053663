"""Areas under curves, against pairs and against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as reference

from gru_sentiment.scores.ranking import Ranking

Row = tuple[float, bool]
Rows = st.lists(
    st.tuples(st.integers(-5, 5) | st.floats(-5, 5), st.booleans()), min_size=1, max_size=30
)


def ranking(rows: list[Row]) -> Ranking:
    scores, positive = (np.array(column) for column in zip(*rows, strict=True))
    return Ranking(scores.astype(float), positive)


def once(rows: list[Row]) -> np.ndarray:
    return np.ones(len(rows), int)


@settings(max_examples=50, deadline=None)
@given(rows=Rows)
def test_area_is_the_share_of_pairs_in_the_right_order(rows: list[Row]) -> None:
    above = [score for score, positive in rows if positive]
    below = [score for score, positive in rows if not positive]
    pairs = [(a > b) + (a == b) / 2 for a in above for b in below]
    expected = sum(pairs) / len(pairs) if pairs else None
    found = ranking(rows).roc_auc(once(rows))
    assert found == (None if expected is None else pytest.approx(expected, abs=1e-12))


@settings(max_examples=50, deadline=None)
@given(rows=Rows)
def test_average_precision_is_that_of_scikit_learn(rows: list[Row]) -> None:
    found = ranking(rows).average_precision(once(rows))
    scores, positive = zip(*rows, strict=True)
    if len(set(positive)) == 1:
        assert found is None
        return
    expected = reference.average_precision_score(positive, scores)
    assert found == pytest.approx(expected, abs=1e-9)


def test_a_row_of_weight_zero_does_not_count() -> None:
    rows = [(3.0, False), (2.0, True), (1.0, False), (0.0, True)]
    weights = np.array([0, 1, 1, 0])
    assert ranking(rows).roc_auc(weights) == 1.0
    assert ranking(rows).average_precision(weights) == 1.0
    assert ranking(rows).roc_auc(np.array([0, 1, 0, 1])) is None
    assert ranking(rows).average_precision(np.array([1, 0, 1, 0])) is None
