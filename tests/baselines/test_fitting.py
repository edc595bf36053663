"""The baselines against scikit-learn's own pipelines and ratios counted by hand."""

from __future__ import annotations

import importlib.metadata

import numpy as np
import pytest
import scipy.sparse
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier

from gru_sentiment.baselines.fitting import (
    MODELS,
    check_classes,
    check_installed,
    fit_majority,
    fit_naive_bayes,
    fit_tfidf,
    log_count_ratios,
)
from gru_sentiment.errors import DataError, MissingPackageError

from .texts import joined, key_of, ngrams_of

Words = list[list[int]]


def reviews(n_classes: int, n: int = 120, seed: int = 0) -> tuple[Words, np.ndarray]:
    """Texts in which some words are more frequent in some classes, and their classes."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(n_classes, size=n)
    texts = [
        [int(w) for w in generator.integers(1, 12, generator.integers(3, 15))]
        + [20 + int(label)] * int(generator.integers(0, 2))
        for label in labels
    ]
    return texts, labels


def analyzed(texts: Words, longest: int) -> list[list[int]]:
    return [[key_of(ngram) for ngram in ngrams_of(text, longest)] for text in texts]


def in_parts(texts: Words, size: int = 50) -> list:
    return [joined(texts[i : i + size]) for i in range(0, len(texts), size)]


@pytest.mark.parametrize("n_classes", [2, 3])
def test_tfidf_regression_is_scikit_learns(n_classes: int) -> None:
    texts, labels = reviews(n_classes)
    others, _ = reviews(n_classes, seed=1)
    vectorizer = TfidfVectorizer(analyzer=lambda keys: keys, sublinear_tf=True, min_df=2)
    matrix = vectorizer.fit_transform(analyzed(texts, 2))
    regression = LogisticRegression(C=10.0, max_iter=1000)
    reference = regression if n_classes == 2 else OneVsRestClassifier(regression)
    reference.fit(matrix, labels)
    model = fit_tfidf(in_parts(texts), labels, n_classes)
    assert model.features.keys.tolist() == list(vectorizer.get_feature_names_out())
    expected = reference.predict_proba(vectorizer.transform(analyzed(others, 2)))
    found = np.exp(model.log_probabilities(joined(others)))
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_naive_bayes_regression_is_its_pipeline(n_classes: int) -> None:
    texts, labels = reviews(n_classes)
    others, _ = reviews(n_classes, seed=1)
    vectorizer = CountVectorizer(analyzer=lambda keys: keys, binary=True, min_df=2)
    counts = vectorizer.fit_transform(analyzed(texts, 3)).toarray()
    known = vectorizer.transform(analyzed(others, 3)).toarray()
    alone = []
    for label in [1] if n_classes == 2 else range(n_classes):
        p = 1 + counts[labels == label].sum(axis=0)
        q = 1 + counts[labels != label].sum(axis=0)
        ratio = np.log(p / p.sum() / (q / q.sum()))
        regression = LogisticRegression(C=0.1, max_iter=1000).fit(counts * ratio, labels == label)
        alone.append(regression.predict_proba(known * ratio)[:, 1])
    expected = np.stack([1 - alone[0], *alone] if n_classes == 2 else alone, axis=1)
    expected /= expected.sum(axis=1, keepdims=True)
    model = fit_naive_bayes(in_parts(texts), labels, n_classes)
    found = np.exp(model.log_probabilities(joined(others)))
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_ratios_by_hand() -> None:
    counts = scipy.sparse.csr_matrix(np.array([[1, 1, 0], [1, 0, 0], [0, 1, 1]], float))
    found = log_count_ratios(counts, np.array([True, True, False]))
    # p = (3, 2, 1) of 6, q = (1, 2, 2) of 5
    np.testing.assert_allclose(np.exp(found), [3 / 6 * 5, 2 / 6 / (2 / 5), 1 / 6 / (2 / 5)])


@pytest.mark.parametrize(
    ("labels", "shares"), [([0, 1, 1, 1], [0.25, 0.75]), ([0, 1, 1, 2], [0.25, 0.5, 0.25])]
)
def test_majority_says_the_shares(labels: list[int], shares: list[float]) -> None:
    model = fit_majority([], np.array(labels), len(shares))
    found = np.exp(model.log_probabilities(joined([[3, 4], []])))
    np.testing.assert_allclose(found, [shares, shares], atol=1e-6)


@pytest.mark.parametrize("name", MODELS)
def test_without_a_frequent_ngram_the_shares_are_left(name: str) -> None:
    texts, labels = [[1], [2], [3]], np.array([0, 1, 1])
    model = MODELS[name](in_parts(texts), labels, 2)
    found = np.exp(model.log_probabilities(joined([[1, 2, 3]])))
    np.testing.assert_allclose(found, [[1 / 3, 2 / 3]], atol=1e-6)


@pytest.mark.parametrize("name", MODELS)
def test_a_second_fit_and_other_parts_give_the_same_bits(name: str) -> None:
    texts, labels = reviews(2)
    first = MODELS[name](in_parts(texts), labels, 2)
    second = MODELS[name](in_parts(texts, size=7), labels, 2)
    np.testing.assert_array_equal(first.weights, second.weights)
    np.testing.assert_array_equal(first.bias, second.bias)


def test_a_class_without_rows_is_named() -> None:
    check_classes(np.array([0, 1]), ["a", "b"])
    with pytest.raises(DataError, match="no row of class c"):
        check_classes(np.array([0, 1]), ["a", "b", "c"])


def test_without_scikit_learn_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert check_installed() == importlib.metadata.version("scikit-learn")

    def missing(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", missing)
    with pytest.raises(MissingPackageError, match="needs scikit-learn") as caught:
        check_installed()
    assert caught.value.hint == "pip install scikit-learn"


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("name", MODELS)
def test_a_weight_of_2_is_the_text_twice(name: str, n_classes: int) -> None:
    """Whatever the words: here each is in two texts, so that both fits know the same n-grams."""
    texts, labels = reviews(n_classes)
    texts, labels = texts + texts, np.concatenate([labels, labels])
    weights = np.random.default_rng(0).integers(1, 4, len(texts))
    repeated = np.repeat(np.arange(len(texts)), weights)
    weighted = MODELS[name](in_parts(texts), labels, n_classes, weights.astype(np.float32))
    often = MODELS[name](in_parts([texts[i] for i in repeated]), labels[repeated], n_classes, None)
    assert weighted.features.keys.tolist() == often.features.keys.tolist()
    np.testing.assert_allclose(weighted.bias, often.bias, atol=1e-6)
    texts_of = joined(texts)
    np.testing.assert_allclose(
        weighted.log_probabilities(texts_of), often.log_probabilities(texts_of), atol=1e-6
    )
