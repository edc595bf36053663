"""The embedding's first weights, and how many words have vectors."""

from __future__ import annotations

import numpy as np
import pytest

from gru_sentiment.arrays import Singles
from gru_sentiment.data.vocab import PADDING_ID, SPECIALS, Vocabulary
from gru_sentiment.trainer.initialisation import UNSCALED_STD, coverage, initial_weights
from gru_sentiment.vectors.word_vectors import (
    DEFAULT_DIMENSION,
    WordVectors,
    no_vectors,
)


def vectors_of(matrix: Singles, found: list[bool]) -> WordVectors:
    return WordVectors(matrix.astype(np.float32), np.array(found), "drawn")


@pytest.fixture
def half_found() -> WordVectors:
    """4,000 words of which the even ones were found, their numbers with mean 1 and std 3."""
    matrix = np.random.default_rng(0).normal(1.0, 3.0, (4_000, 20))
    matrix[1::2] = 1e6  # where nothing was found the row means nothing
    return vectors_of(matrix, [i % 2 == 0 for i in range(4_000)])


def test_missing_words_are_normal_with_the_found_ones_scale(half_found: WordVectors) -> None:
    weights = initial_weights(half_found, seed=0).numpy()
    missing = weights[3::2]
    assert weights.dtype == np.float32
    assert missing.std() == pytest.approx(half_found.matrix[::2].std(), rel=0.02)
    assert missing.mean() == pytest.approx(0.0, abs=0.1)
    assert (np.abs(missing) < missing.std()).mean() == pytest.approx(0.683, abs=0.01)


def test_found_words_keep_their_vectors(half_found: WordVectors) -> None:
    before = half_found.matrix.copy()
    weights = initial_weights(half_found, seed=0).numpy()
    np.testing.assert_array_equal(weights[::2], before[::2])
    np.testing.assert_array_equal(half_found.matrix, before)


@pytest.mark.parametrize("found", [[True, True, True], [False, False, True], [False] * 3])
def test_padding_is_zero(found: list[bool]) -> None:
    weights = initial_weights(vectors_of(np.ones((3, 4)), found), seed=0)
    assert not weights[PADDING_ID].any()
    assert (weights[0] == 1).all() == found[0]


def test_random_rows_follow_from_the_seed(half_found: WordVectors) -> None:
    first = initial_weights(half_found, seed=1).numpy()
    np.random.seed(3)
    np.testing.assert_array_equal(initial_weights(half_found, seed=1).numpy(), first)
    other = initial_weights(half_found, seed=2).numpy()
    assert (other[3::2] != first[3::2]).mean() > 0.99
    np.testing.assert_array_equal(other[::2], first[::2])


@pytest.mark.parametrize(("asked", "dimension"), [(None, DEFAULT_DIMENSION), (7, 7)])
def test_no_vectors(asked: int | None, dimension: int) -> None:
    vectors = no_vectors([f"word{i}" for i in range(2_000)], asked)
    assert vectors.matrix.shape == (2_000, dimension)
    assert not vectors.found.any()
    weights = initial_weights(vectors, seed=0).numpy()
    assert np.delete(weights, PADDING_ID, axis=0).std() == pytest.approx(UNSCALED_STD, rel=0.05)


def test_coverage_by_type_and_by_token() -> None:
    counts = {"the": 60, "film": 25, "gem": 10, "zzz": 4, "yyy": 4, "rare": 1}
    vocabulary = Vocabulary.from_counts(counts, min_frequency=2)
    known = {"<unk>", "the", "gem"}
    found = [word in known for word in vocabulary.words]
    report = coverage(vectors_of(np.zeros((7, 2)), found), vocabulary, counts)
    assert report.vectors == "drawn"
    assert report.types == pytest.approx(2 / 5)
    assert report.tokens == pytest.approx(70 / 103)
    assert report.most_frequent_missing == (("film", 25), ("yyy", 4), ("zzz", 4))


def test_coverage_names_the_ten_most_frequent_missing_words() -> None:
    counts = {f"w{i:02}": 100 - i for i in range(30)}
    vocabulary = Vocabulary.from_counts(counts)
    found = [i % 2 == 1 for i in range(32)]
    report = coverage(vectors_of(np.zeros((32, 2)), found), vocabulary, counts)
    assert report.most_frequent_missing == tuple((f"w{i:02}", 100 - i) for i in range(0, 20, 2))


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_coverage_at_its_ends(share: float) -> None:
    counts = {"a": 3, "b": 1}
    vectors = vectors_of(np.zeros((4, 2)), [False, False, share == 1, share == 1])
    report = coverage(vectors, Vocabulary.from_counts(counts), counts)
    assert (report.types, report.tokens) == (share, share)
    assert len(report.most_frequent_missing) == (0 if share else 2)


def test_coverage_of_nothing() -> None:
    report = coverage(no_vectors(SPECIALS, 2), Vocabulary(SPECIALS), {})
    assert (report.types, report.tokens, report.most_frequent_missing) == (0.0, 0.0, ())
