"""N-grams, counted one by one and by scikit-learn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

from gru_sentiment.baselines.ngrams import (
    MANY,
    Features,
    _Table,
    _tally,
    frequent_ngrams,
    ngram_keys,
)

from .texts import IDS, joined, key_of, ngrams_of


def dense(features: Features, texts: Sequence[Sequence[int]]) -> np.ndarray:
    found = np.zeros((len(texts), len(features.keys)))
    owners, columns, values = features.of(joined(texts))
    found[owners, columns] = values
    return found


@given(IDS, st.integers(1, 3))
@settings(max_examples=100, deadline=None)
def test_every_ngram_of_known_words_within_a_text(texts: list[list[int]], longest: int) -> None:
    keys, owners = ngram_keys(joined(texts), longest)
    expected = [(i, key_of(n)) for i, text in enumerate(texts) for n in ngrams_of(text, longest)]
    assert sorted(zip(owners.tolist(), keys.tolist(), strict=True)) == sorted(expected)


def test_the_largest_ids_still_fit() -> None:
    largest = 2**21 - 1
    keys, _ = ngram_keys(joined([[largest] * 3]), 3)
    assert keys.tolist() == [largest] * 3 + [2**42 - 1] * 2 + [2**63 - 1]


def test_ngrams_of_different_lengths_have_different_keys() -> None:
    texts = [[1], [1, 1], [1, 1, 1], [2**21 - 1, 1], [1, 2**21 - 1]]
    keys = {key_of(ngram) for text in texts for ngram in ngrams_of(text, 3)}
    assert len(keys) == len({ngram for text in texts for ngram in ngrams_of(text, 3)})


@given(IDS, st.integers(1, 3), st.integers(1, 3), st.integers(1, 4))
@settings(max_examples=100, deadline=None)
def test_frequent_ones_are_counted_by_text(
    texts: list[list[int]], longest: int, min_texts: int, size: int
) -> None:
    parts = [joined(texts[i : i + size]) for i in range(0, len(texts), size)]
    keys, in_texts = frequent_ngrams(parts, longest, min_texts)
    counts = Counter(key for text in texts for key in set(map(key_of, ngrams_of(text, longest))))
    expected = sorted((key, n) for key, n in counts.items() if n >= min_texts)
    assert list(zip(keys.tolist(), in_texts.tolist(), strict=True)) == expected


def test_no_texts_have_no_ngrams() -> None:
    keys, in_texts = frequent_ngrams([], 3, 1)
    assert (keys.tolist(), in_texts.tolist()) == ([], [])


@given(IDS, st.integers(1, 3))
@settings(max_examples=50, deadline=None)
def test_binary_features_are_those_of_scikit_learn(texts: list[list[int]], longest: int) -> None:
    analyzed = [[key_of(ngram) for ngram in ngrams_of(text, longest)] for text in texts]
    if not any(analyzed):
        return
    reference = CountVectorizer(analyzer=lambda keys: keys, binary=True)
    expected = reference.fit_transform(analyzed).toarray()
    keys, _ = frequent_ngrams([joined(texts)], longest, 1)
    assert keys.tolist() == list(reference.get_feature_names_out())
    np.testing.assert_array_equal(dense(Features(keys, longest), texts), expected)


@given(IDS, IDS)
@settings(max_examples=50, deadline=None)
def test_tfidf_is_that_of_scikit_learn(texts: list[list[int]], others: list[list[int]]) -> None:
    def analyzed(some: list[list[int]]) -> list[list[int]]:
        return [[key_of(ngram) for ngram in ngrams_of(text, 2)] for text in some]

    if not any(analyzed(texts)):
        return
    reference = TfidfVectorizer(analyzer=lambda keys: keys, sublinear_tf=True)
    reference.fit(analyzed(texts))
    keys, in_texts = frequent_ngrams([joined(texts)], 2, 1)
    idf = np.log((1 + len(texts)) / (1 + in_texts)) + 1
    features = Features(keys, 2, idf.astype(np.float32))
    expected = reference.transform(analyzed(others)).toarray()
    np.testing.assert_allclose(dense(features, others), expected, atol=1e-6)


@pytest.mark.parametrize("idf", [None, np.ones(0, np.float32)])
def test_without_known_ngrams_nothing_is_left(idf: np.ndarray | None) -> None:
    owners, columns, values = Features(np.zeros(0, np.int64), 3, idf).of(joined([[1, 2], []]))
    assert (owners.tolist(), columns.tolist(), values.tolist()) == ([], [], [])


def test_where_the_usual_integer_has_32_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows before NumPy 2: 3 texts times 1.5 billion n-grams are more than 2**31."""
    n_features = 1_500_000_000
    texts, features = np.array([0, 2, 2], np.int32), np.array([5, 7, 7], np.int32)
    found = _tally(texts, features, n_features)
    assert [part.tolist() for part in found] == [[0, 2], [5, 7], [1, 2]]

    arange = np.arange
    monkeypatch.setattr(np, "arange", lambda *of, dtype=np.int32: arange(*of, dtype=dtype))
    assert np.arange(3).dtype == np.int32
    ids, lengths = joined([[1, 2], [3]])
    _, owners = ngram_keys((ids, lengths.astype(np.int32)), 2)
    assert owners.dtype == np.int64
    assert owners.tolist() == [0, 0, 1, 0]


@given(st.sets(st.integers(1, 2**63 - 1) | st.integers(1, 50)), st.lists(st.integers(1, 60)))
@settings(max_examples=200, deadline=None)
def test_a_hash_table_finds_what_a_search_finds(features: set[int], others: list[int]) -> None:
    keys = np.array(sorted(features), np.int64)
    wanted = np.array([*others, *features, *others], np.int64)
    expected = [(i, sorted(features).index(k)) for i, k in enumerate(wanted) if k in features]
    indices, known = _Table.of(keys).found(wanted)
    assert list(zip(known.tolist(), indices.tolist(), strict=True)) == expected
    indices, known = Features(keys, 3)._found(wanted)
    assert list(zip(known.tolist(), indices.tolist(), strict=True)) == expected


def test_many_ngrams_have_the_features_that_few_have() -> None:
    generator = np.random.default_rng(0)
    texts = [generator.integers(0, 30, 200).tolist() for _ in range(60)]
    keys, _ = frequent_ngrams([joined(texts[:20])], 3, 2)
    assert MANY < 60 * 200 * 3
    together = dense(Features(keys, 3), texts)
    alone = np.concatenate([dense(Features(keys, 3), [text]) for text in texts])
    np.testing.assert_array_equal(together, alone)
    assert together.sum() > 1_000
