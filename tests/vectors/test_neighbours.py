"""The nearest words by their vectors."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gru_sentiment.arrays import Singles
from gru_sentiment.errors import VectorsError
from gru_sentiment.vectors import neighbours
from gru_sentiment.vectors.neighbours import nearest
from gru_sentiment.vectors.word_vectors import WordVectors

from .forty_words import NEIGHBOURS, WITHOUT, WORDS, forty_words


@pytest.fixture
def vectors() -> WordVectors:
    return forty_words()


def naive(matrix: Singles, words: list[int], k: int) -> dict[int, list[int]]:
    """The slow way, in double precision."""

    def cosine(one: int, other: int) -> float:
        a, b = matrix[one].astype(float), matrix[other].astype(float)
        return float(a @ b / math.sqrt((a @ a) * (b @ b)))

    others = {word: [other for other in words if other != word] for word in words}
    return {
        word: sorted(others[word], key=lambda other: -cosine(word, other))[:k] for word in words
    }


@pytest.mark.parametrize("at_a_time", [1, 100, 1 << 23])
def test_neighbours_are_those_of_brute_force(
    at_a_time: int, vectors: WordVectors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(neighbours, "SIMILARITIES_AT_A_TIME", at_a_time)
    table = nearest(vectors, NEIGHBOURS, first=2)
    assert table.shape == (WORDS, NEIGHBOURS)
    assert table.dtype == np.int32
    known = [word for word in range(WORDS) if word not in WITHOUT]
    assert {word: table[word].tolist() for word in known} == naive(
        vectors.matrix, known, NEIGHBOURS
    )


def test_words_without_vectors_are_near_to_themselves_alone(vectors: WordVectors) -> None:
    table = nearest(vectors, NEIGHBOURS, first=2)
    for word in WITHOUT:
        assert table[word].tolist() == [word] * NEIGHBOURS
    assert not np.isin(np.delete(table, list(WITHOUT), axis=0), list(WITHOUT)).any()


def test_lengths_of_vectors_do_not_matter(vectors: WordVectors) -> None:
    scales = np.random.default_rng(2).uniform(0.1, 9, (WORDS, 1)).astype(np.float32)
    longer = WordVectors(vectors.matrix * scales, vectors.found, vectors.origin)
    np.testing.assert_array_equal(
        nearest(longer, NEIGHBOURS, first=2), nearest(vectors, NEIGHBOURS, first=2)
    )


def test_words_that_are_too_few_for_neighbours(vectors: WordVectors) -> None:
    known = WORDS - len(WITHOUT)
    assert nearest(vectors, known - 1, first=2).shape == (WORDS, known - 1)
    with pytest.raises(VectorsError) as caught:
        nearest(vectors, known, first=2)
    assert caught.value.cause == (
        f"training.augmentation.neighbours: {known} neighbours a word, but only {known} words "
        "of the vocabulary have a vector (vectors.txt)"
    )
    assert "training.augmentation.synonyms" in caught.value.hint
