"""Words of training batches dropped and replaced: how often, by what, and what is left alone."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch.nn.utils.rnn import pack_sequence
from vectors.forty_words import NEIGHBOURS, WITHOUT, WORDS, forty_words

from gru_sentiment.arrays import Ids
from gru_sentiment.batch import Batch
from gru_sentiment.data.augmentation import Augmentation, AugmentedBatches
from gru_sentiment.data.vocab import PADDING_ID, UNKNOWN_ID
from gru_sentiment.vectors.neighbours import nearest
from gru_sentiment.vectors.word_vectors import WordVectors


@pytest.fixture
def vectors() -> WordVectors:
    return forty_words()


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
