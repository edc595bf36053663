"""Texts beside every batch: each read equally often, in an order that the seed alone decides."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gru_sentiment.arrays import NO_LABEL, Integers
from gru_sentiment.data.batching import Batcher, Batches
from gru_sentiment.data.encoding import EncodedTexts
from gru_sentiment.data.unlabelled_sampler import UnlabelledSampler

LABELLED, EACH = 150, 3
ROWS = np.arange(LABELLED, LABELLED + 100)


def texts(n: int) -> EncodedTexts:
    """Texts of 1 to 40 words."""
    lengths = np.random.default_rng(0).integers(1, 41, n)
    offsets = np.cumsum([0, *lengths]).astype(np.int64)
    ids = np.arange(offsets[-1], dtype=np.int32) % 50
    return EncodedTexts(np.arange(50, dtype=np.int32), ids, offsets, None, 0)


ENCODED = texts(LABELLED + len(ROWS))
LABELS = np.concatenate([np.arange(LABELLED) % 2, np.full(len(ROWS), NO_LABEL)])
BATCHER = Batcher(ENCODED, batch_size=2)


def epoch(number: int, seed: int = 0) -> Batches:
    return BATCHER.shuffled(np.arange(LABELLED), LABELS, seed=seed, epoch=number)


def beside_of(batches: Batches) -> list[Integers]:
    return [group[-EACH:] for group in batches.groups]


def test_the_labelled_texts_stay_where_they_were() -> None:
    before = epoch(1)
    after = UnlabelledSampler(ROWS, EACH, seed=0).join(before, 0)
    assert len(after) == len(before)
    for one, other in zip(after.groups, before.groups, strict=True):
        assert np.array_equal(one[:-EACH], other)
        assert set(one[-EACH:]) <= set(ROWS)


def test_all_are_read_before_one_is_read_again() -> None:
    beside, seen = UnlabelledSampler(ROWS, EACH, seed=0), list[int]()
    for number in (1, 2, 3):
        batches = epoch(number)
        seen += [
            row for group in beside_of(beside.join(batches, len(seen) // EACH)) for row in group
        ]
    assert len(seen) == 3 * 75 * EACH
    times = np.bincount(seen, minlength=LABELLED + 100)[LABELLED:]
    assert times.min() == len(seen) // len(ROWS)
    assert times.max() <= times.min() + 1
    assert sorted(beside.stream(0, 100)) == sorted(beside.stream(100, 100)) == list(ROWS)


def test_the_stream_is_one_wherever_it_is_entered() -> None:
    beside = UnlabelledSampler(ROWS, EACH, seed=5)
    whole = beside.stream(0, 350)
    for start, n in [(0, 1), (99, 2), (100, 100), (150, 200), (349, 1)]:
        assert np.array_equal(beside.stream(start, n), whole[start : start + n])
    assert not np.array_equal(whole[:100], whole[100:200])
    assert not np.array_equal(whole, UnlabelledSampler(ROWS, EACH, seed=6).stream(0, 350))


def test_the_same_epoch_however_often_it_is_asked() -> None:
    one, other = (UnlabelledSampler(ROWS, EACH, seed=0).join(epoch(2), 75) for _ in range(2))
    for a, b in zip(one.groups, other.groups, strict=True):
        assert np.array_equal(a, b)


def test_long_texts_go_to_long_texts() -> None:
    batches = UnlabelledSampler(ROWS, EACH, seed=0).join(epoch(1), 0)
    means = [(ENCODED.lengths[g[:-EACH]].mean(), ENCODED.lengths[g[-EACH:]].mean())
             for g in batches.groups]  # fmt: skip
    assert np.corrcoef(np.array(means).T)[0, 1] > 0.9


@pytest.mark.parametrize("index", [0, 7])
def test_a_batch_knows_how_many_have_no_label(index: int) -> None:
    batch = UnlabelledSampler(ROWS, EACH, seed=0).join(epoch(1), 0)[index]
    assert (len(batch), batch.unlabelled, batch.n_judged) == (5, 3, 2)
    assert batch.labels is not None
    assert torch.equal(batch.labels == NO_LABEL, batch.rows >= LABELLED)
