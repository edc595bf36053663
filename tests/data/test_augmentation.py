"""Words of training batches dropped and replaced: how often, by what, and what is left alone."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch.nn.utils.rnn import pack_sequence

from gru_sentiment.arrays import Ids, Singles
from gru_sentiment.batch import Batch
from gru_sentiment.data import augmentation
from gru_sentiment.data.augmentation import Augmentation, AugmentedBatches
from gru_sentiment.data.vocab import PADDING_ID, UNKNOWN_ID
from gru_sentiment.errors import VectorsError
from gru_sentiment.vectors.neighbours import nearest
from gru_sentiment.vectors.word_vectors import WordVectors

WORDS, NEIGHBOURS = 40, 4
WITHOUT = {0, 1, 5, 17, 20}
"""Specials, two words that were not found, and one whose vector is zero."""


@pytest.fixture
def vectors() -> WordVectors:
    """Numbers for every row, also for those that mean nothing."""
    matrix = np.random.default_rng(0).standard_normal((WORDS, 6), dtype=np.float32)
    found = np.ones(WORDS, bool)
    found[[5, 17]] = False
    matrix[20] = 0
    return WordVectors(matrix, found, "vectors.txt")


def batch_of(texts: list[list[int]]) -> Batch:
    packed = pack_sequence([torch.tensor(text) for text in texts])
    return Batch(packed, torch.arange(len(texts)) + 7, torch.arange(len(texts)) % 2)


def many_words(n: int = 4_000) -> Batch:
    """Ids of all kinds."""
    ids = np.random.default_rng(1).integers(0, WORDS, (10, n // 10))
    return batch_of(ids.tolist())


def ids_of(batch: Batch) -> Ids:
    ids: Ids = batch.tokens.data.numpy()
    return ids


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def expect_rate(hits: int, n: int, rate: float) -> None:
    """Within four standard deviations of a binomial's mean."""
    assert abs(hits - n * rate) < 4 * math.sqrt(n * rate * (1 - rate))


# --- neighbours ---


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
    monkeypatch.setattr(augmentation, "SIMILARITIES_AT_A_TIME", at_a_time)
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


# --- dropping and replacing ---


def test_words_are_dropped_at_the_rate() -> None:
    batch = many_words()
    before, after = ids_of(batch), ids_of(Augmentation(0.3, 0.0, None)(batch, generator()))
    words = (before != PADDING_ID) & (before != UNKNOWN_ID)
    changed = before != after
    expect_rate(int(changed.sum()), int(words.sum()), 0.3)
    assert set(after[changed]) == {UNKNOWN_ID}


def test_words_are_replaced_at_the_rate_by_their_neighbours(vectors: WordVectors) -> None:
    table = nearest(vectors, NEIGHBOURS, first=2)
    batch = many_words()
    before, after = ids_of(batch), ids_of(Augmentation(0.0, 0.3, table)(batch, generator()))
    changed = before != after
    expect_rate(int(changed.sum()), int((~np.isin(before, list(WITHOUT))).sum()), 0.3)
    assert not set(before[changed]) & WITHOUT
    places = [
        table[old].tolist().index(new)
        for old, new in zip(before[changed], after[changed], strict=True)
    ]
    for count in np.bincount(places):
        expect_rate(int(count), len(places), 1 / NEIGHBOURS)


def test_the_same_words_are_dropped_whether_others_are_replaced_or_not(
    vectors: WordVectors,
) -> None:
    batch = many_words()
    dropped = ids_of(Augmentation(0.3, 0.0, None)(batch, generator())) == UNKNOWN_ID
    both = Augmentation(0.3, 0.5, nearest(vectors, NEIGHBOURS, first=2))(batch, generator())
    np.testing.assert_array_equal(ids_of(both) == UNKNOWN_ID, dropped)


def test_all_but_the_words_stays(vectors: WordVectors) -> None:
    texts = [[2, 3, PADDING_ID, 4], [9, UNKNOWN_ID], [PADDING_ID]] + [[PADDING_ID]] * 200
    batch = batch_of(texts)
    before = ids_of(batch).copy()
    after = Augmentation(0.9, 0.9, nearest(vectors, NEIGHBOURS, first=2))(batch, generator())
    np.testing.assert_array_equal(ids_of(batch), before)
    padding = before == PADDING_ID
    np.testing.assert_array_equal(ids_of(after) == PADDING_ID, padding)
    assert (ids_of(after) != before)[~padding].any()
    assert after.tokens.data.dtype == torch.int64
    assert torch.equal(after.tokens.batch_sizes, batch.tokens.batch_sizes)
    assert (after.rows is batch.rows, after.labels is batch.labels) == (True, True)


# --- an epoch ---


def test_words_follow_from_seed_epoch_and_batch_number(vectors: WordVectors) -> None:
    batches = [many_words(100)] * 3
    changed = Augmentation(0.2, 0.2, nearest(vectors, NEIGHBOURS, first=2))

    def drawn(seed: int, epoch: int) -> list[list[int]]:
        return [ids_of(b).tolist() for b in AugmentedBatches(batches, changed, seed, epoch)]

    first = AugmentedBatches(batches, changed, 3, 1)
    whole = drawn(3, 1)
    np.random.seed(5)
    torch.manual_seed(5)
    # in any order, as often as one likes
    assert [ids_of(first[i]).tolist() for i in (2, 0, 2, 1)] == [whole[i] for i in (2, 0, 2, 1)]
    assert len(first) == 3
    seen = [*whole, *drawn(3, 2), *drawn(4, 1), *drawn(1, 3)]
    assert len({tuple(ids) for ids in seen}) == len(seen)


def test_nothing_else_is_drawn_from_the_same_stream() -> None:
    """The order of an epoch's texts comes from (seed, epoch) too, and the first batch is 0."""

    class Noted(Augmentation):
        def __call__(self, batch: Batch, generator: np.random.Generator) -> Batch:
            assert generator.random() != np.random.default_rng([3, 1]).random()
            return batch

    assert len(list(AugmentedBatches([many_words(20)] * 2, Noted(0.1, 0.0, None), 3, 1))) == 2
