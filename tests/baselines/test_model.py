"""Scores are sums; probabilities are probabilities; nothing depends on the texts around."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from gru_sentiment.baselines.model import LinearModel, n_weights_for
from gru_sentiment.baselines.ngrams import Features

from .texts import IDS, joined, key_of, ngrams_of


def some_model(n_classes: int, *, idf: bool = False) -> LinearModel:
    generator = np.random.default_rng(n_classes)
    ngrams = {(a,) for a in range(1, 7)} | {(a, b) for a in range(1, 7) for b in range(1, 5)}
    keys = np.array(sorted(map(key_of, ngrams)))
    weights = generator.normal(size=(len(keys), n_weights_for(n_classes)))
    factors = generator.uniform(1, 3, len(keys)).astype(np.float32) if idf else None
    bias = generator.normal(size=n_weights_for(n_classes))
    return LinearModel(
        Features(keys, 2, factors), weights.astype(np.float32), bias.astype(np.float32)
    )


@pytest.mark.parametrize("n_classes", [2, 4])
def test_scores_are_sums_of_weights(n_classes: int) -> None:
    model = some_model(n_classes)
    weights = dict(zip(model.features.keys.tolist(), model.weights, strict=True))
    text = [1, 2, 3, 1, 2, 0, 6, 5]
    known = {key_of(ngram) for ngram in ngrams_of(text, 2)} & weights.keys()
    expected = model.bias + sum(weights[key] for key in known)
    np.testing.assert_allclose(model.scores(joined([text]))[0], expected, atol=1e-5)


def test_two_classes_have_the_probability_of_one_logit() -> None:
    model, texts = some_model(2), joined([[1, 2, 3], [], [4, 4]])
    positive = expit(model.scores(texts)[:, 0])
    found = np.exp(model.log_probabilities(texts))
    np.testing.assert_allclose(found, np.stack([1 - positive, positive], axis=1), atol=1e-12)


def test_more_classes_share_what_each_has_against_the_rest() -> None:
    model, texts = some_model(4), joined([[1, 2, 3], [], [4, 4]])
    alone = expit(model.scores(texts))
    found = np.exp(model.log_probabilities(texts))
    np.testing.assert_allclose(found, alone / alone.sum(axis=1, keepdims=True), atol=1e-12)


def test_scores_of_any_size_stay_finite() -> None:
    model = some_model(3)
    huge = LinearModel(model.features, model.weights * np.float32(1e30), model.bias)
    assert np.isfinite(huge.log_probabilities(joined([[1, 2], [3], []]))).all()


@given(IDS, st.integers(1, 4), st.booleans(), st.sampled_from([2, 3]), st.randoms())
@settings(max_examples=60, deadline=None)
def test_order_and_neighbours_change_no_bit(
    texts: list[list[int]], size: int, idf: bool, n_classes: int, random: object
) -> None:
    model = some_model(n_classes, idf=idf)
    together = model.log_probabilities(joined(texts))
    in_parts = [
        model.log_probabilities(joined(texts[i:][:size])) for i in range(0, len(texts), size)
    ]
    np.testing.assert_array_equal(np.concatenate(in_parts), together)
    order = list(range(len(texts)))
    random.shuffle(order)  # type: ignore[attr-defined]
    shuffled = model.log_probabilities(joined([texts[i] for i in order]))
    np.testing.assert_array_equal(shuffled, together[order])
