from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.utils.rnn import pack_sequence, pad_packed_sequence

from gru_sentiment.arrays import Integers
from gru_sentiment.batch import Batch
from gru_sentiment.data.batching import Batcher, Batches, pack
from gru_sentiment.data.encoding import EncodedTexts

ID_LISTS = st.lists(st.lists(st.integers(0, 99), max_size=9), min_size=1, max_size=12)
LENGTHS = st.lists(st.integers(0, 40), min_size=1, max_size=60)


def encoded(
    id_lists: list[list[int]], max_tokens: int | None = None, head: int = 0
) -> EncodedTexts:
    flat = np.array([i for ids in id_lists for i in ids], np.int32)
    offsets = np.cumsum([0, *map(len, id_lists)]).astype(np.int64)
    return EncodedTexts(np.arange(100, dtype=np.int32), flat, offsets, max_tokens, head)


def of_lengths(lengths: list[int] | Integers) -> EncodedTexts:
    return encoded([[row % 97] * int(n) for row, n in enumerate(lengths)])


def all_rows(batches: Batches) -> list[list[int]]:
    return [batch.rows.tolist() for batch in batches]


def many_lengths(n: int) -> Integers:
    """Lengths spread like those of reviews."""
    return np.random.default_rng(0).lognormal(3.0, 0.7, n).astype(np.int64) + 1


# --- packing ---


@given(ID_LISTS, st.data())
@settings(max_examples=80, deadline=None)
def test_pack_equals_naive_packing_and_torch(
    id_lists: list[list[int]], data: st.DataObject
) -> None:
    rows = data.draw(st.permutations(range(len(id_lists))))
    rows = rows[: data.draw(st.integers(1, len(rows)))]
    batch = pack(encoded(id_lists), np.array(rows))

    order = sorted(rows, key=lambda row: -max(len(id_lists[row]), 1))  # stable
    texts = [id_lists[row] or [1] for row in order]
    steps = [[ids[t] for ids in texts if len(ids) > t] for t in range(len(texts[0]))]
    assert batch.rows.tolist() == order
    assert batch.tokens.data.tolist() == [i for step in steps for i in step]
    assert batch.tokens.batch_sizes.tolist() == [len(step) for step in steps]

    expected = pack_sequence([torch.tensor(ids) for ids in texts])
    assert torch.equal(batch.tokens.data, expected.data)
    assert torch.equal(batch.tokens.batch_sizes, expected.batch_sizes)
    assert batch.tokens.data.dtype == torch.int64
    assert (len(batch), batch.n_tokens) == (len(rows), sum(map(len, texts)))


def test_pack_cuts_long_texts() -> None:
    batch = pack(encoded([[5, 6], [1, 2, 3, 4, 5, 6]], 3, 1), np.array([0, 1]))
    padded, lengths = pad_packed_sequence(batch.tokens, batch_first=True)
    assert padded.tolist() == [[1, 5, 6], [5, 6, 0]]
    assert lengths.tolist() == [3, 2]
    assert batch.rows.tolist() == [1, 0]


def test_labels_follow_their_rows() -> None:
    labels = np.array([7, 8, 9, 6])
    batch = pack(encoded([[1], [1, 2], [], [1, 2, 3]]), np.array([2, 0, 3]), labels)
    assert batch.rows.tolist() == [3, 2, 0]
    assert batch.labels is not None
    assert batch.labels.tolist() == [6, 9, 7]
    assert pack(encoded([[1]]), np.array([0])).labels is None


def test_pack_leaves_its_input_alone() -> None:
    texts, rows, labels = encoded([[1], [2, 3]]), np.array([0, 1]), np.array([0, 1])
    batch = pack(texts, rows, labels)
    batch.tokens.data.zero_()
    batch.rows.zero_()
    assert batch.labels is not None
    batch.labels.zero_()
    assert texts.indices.tolist() == [1, 2, 3]
    assert (rows.tolist(), labels.tolist()) == ([0, 1], [0, 1])


def test_a_batch_moves_with_its_labels_but_not_its_rows() -> None:
    batch = pack(encoded([[1], [2, 3]]), np.array([0, 1]), np.array([0, 1]))
    assert batch.to(torch.device("cpu")) is batch
    moved = batch.to(torch.device("meta"))
    assert isinstance(moved, Batch)
    assert moved.labels is not None
    assert (moved.tokens.data.device.type, moved.labels.device.type) == ("meta", "meta")
    assert moved.rows.device.type == "cpu"
    assert moved.n_tokens == 3


# --- which texts go together ---


@given(LENGTHS, st.integers(1, 9), st.data())
@settings(max_examples=50, deadline=None)
def test_batch_size_holds_every_row_once(
    lengths: list[int], batch_size: int, data: st.DataObject
) -> None:
    rows = np.array(sorted(data.draw(st.sets(st.sampled_from(range(len(lengths))), min_size=1))))
    batcher = Batcher(of_lengths(lengths), batch_size)
    for batches in (batcher.in_order(rows), batcher.shuffled(rows, None, seed=3, epoch=2)):
        sizes = [len(group) for group in batches.groups]
        assert sorted(np.concatenate(batches.groups).tolist()) == rows.tolist()
        assert len(sizes) == -(-len(rows) // batch_size)
        assert sorted(sizes)[1:] == [batch_size] * (len(sizes) - 1)


@given(LENGTHS, st.integers(1, 60))
@settings(max_examples=80, deadline=None)
def test_only_a_single_long_text_exceeds_the_budget(lengths: list[int], budget: int) -> None:
    rows = np.arange(len(lengths))
    batcher = Batcher(of_lengths(lengths), None, budget)
    for batches in (batcher.in_order(rows), batcher.shuffled(rows, None, seed=0, epoch=0)):
        assert sorted(np.concatenate(batches.groups).tolist()) == rows.tolist()
        for batch in batches:
            assert batch.n_tokens <= budget or len(batch) == 1


def test_the_budget_is_used() -> None:
    batches = Batcher(of_lengths([4, 4, 3, 2, 2, 1, 9]), None, 8).in_order(np.arange(7))
    assert [group.tolist() for group in batches.groups] == [
        [6],
        [0, 1],
        [2, 3, 4, 5],
    ]


@pytest.mark.parametrize(
    "budget", [{"batch_size": 64}, {"batch_size": None, "tokens_per_batch": 2_000}]
)
def test_shuffling_follows_from_seed_and_epoch_alone(budget: dict[str, int | None]) -> None:
    texts, rows = of_lengths(many_lengths(1_000)), np.arange(1_000)

    def drawn(seed: int, epoch: int) -> list[list[int]]:
        return all_rows(Batcher(texts, **budget).shuffled(rows, None, seed=seed, epoch=epoch))

    first = drawn(1, 1)
    np.random.seed(5)
    torch.manual_seed(5)
    drawn(9, 9)
    assert drawn(1, 1) == first
    others = [drawn(1, 2), drawn(2, 1), drawn(0, 1)]
    for other in others:
        assert other != first
        assert sorted(row for rows in other for row in rows) == rows.tolist()
    assert others[0] != others[1]


def test_an_epoch_has_its_own_batches_not_only_its_own_order() -> None:
    batcher = Batcher(of_lengths(many_lengths(3_000)), 16)
    rows = np.arange(3_000)
    first, second = (
        {
            frozenset(group.tolist())
            for group in batcher.shuffled(rows, None, seed=0, epoch=e).groups
        }
        for e in (1, 2)
    )
    assert len(first & second) < len(first) / 100


def test_one_batcher_gives_the_same_again() -> None:
    batcher, rows = Batcher(of_lengths(many_lengths(300)), 16), np.arange(300)
    first = all_rows(batcher.shuffled(rows, None, seed=0, epoch=1))
    batcher.in_order(rows[:50])
    assert all_rows(batcher.shuffled(rows, None, seed=0, epoch=1)) == first


@pytest.mark.parametrize("n", [1, 64, 350, 351])
@pytest.mark.parametrize(
    "budget", [{"batch_size": 7}, {"batch_size": None, "tokens_per_batch": 90}]
)
def test_batches_are_counted_without_packing_them(budget: dict[str, int | None], n: int) -> None:
    batcher, rows = Batcher(of_lengths(many_lengths(n)), **budget), np.arange(n)
    made = [len(batcher.shuffled(rows, None, seed=0, epoch=e)) for e in range(1, 5)]
    assert [batcher.n_shuffled(rows, seed=0, epoch=e) for e in range(1, 5)] == made
    # several pools of texts, and no two epochs alike
    assert budget["batch_size"] or n < 100 or len(set(made)) > 1


@pytest.mark.parametrize(
    "budget", [{"batch_size": 32}, {"batch_size": None, "tokens_per_batch": 800}]
)
def test_texts_of_a_batch_have_similar_lengths(budget: dict[str, int | None]) -> None:
    lengths = many_lengths(5_000)
    batcher, rows = Batcher(of_lengths(lengths), **budget), np.arange(5_000)
    batches = batcher.shuffled(rows, None, seed=0, epoch=1)
    padded = sum(len(group) * lengths[group].max() for group in batches.groups)
    assert padded < 1.1 * lengths.sum()
    unsorted = sum(32 * lengths[i : i + 32].max() for i in range(0, 5_000, 32))
    assert unsorted > 2 * lengths.sum()


def test_batches_come_in_no_order_of_length() -> None:
    lengths = many_lengths(5_000)
    batches = Batcher(of_lengths(lengths), 32).shuffled(np.arange(5_000), None, seed=0, epoch=1)
    means = [lengths[group].mean() for group in batches.groups]
    falls = sum(a > b for a, b in pairwise(means))
    assert 0.3 < falls / len(means) < 0.7


@given(LENGTHS, st.integers(1, 9))
@settings(max_examples=40, deadline=None)
def test_in_order_is_by_length_and_stable(lengths: list[int], batch_size: int) -> None:
    rows = np.arange(len(lengths))[::-1]
    batches = Batcher(of_lengths(lengths), batch_size).in_order(rows)
    found = [row for batch in batches for row in batch.rows.tolist()]
    assert found == sorted(rows.tolist(), key=lambda row: (-max(lengths[row], 1), -row))


def test_batches_are_a_sequence_that_can_be_read_again() -> None:
    labels = np.arange(10) % 2
    batches = Batcher(of_lengths(list(range(1, 11))), 4).in_order(np.arange(10), labels)
    assert len(batches) == 3
    assert all_rows(batches) == all_rows(batches) == [[9, 8, 7, 6], [5, 4, 3, 2], [1, 0]]
    assert [batches[i].rows.tolist() for i in (0, 1, 2, -1)] == [*all_rows(batches), [1, 0]]
    for batch in batches:
        assert batch.labels is not None
        assert batch.labels.tolist() == labels[batch.rows.numpy()].tolist()


@pytest.mark.parametrize("budget", [{"batch_size": 4}, {"batch_size": None, "tokens_per_batch": 9}])
def test_no_rows_make_no_batches(budget: dict[str, int | None]) -> None:
    batcher, none = Batcher(of_lengths([3, 2]), **budget), np.zeros(0, np.int64)
    assert len(batcher.in_order(none)) == 0
    assert len(batcher.shuffled(none, None, seed=0, epoch=0)) == 0
    assert batcher.n_shuffled(none, seed=0, epoch=0) == 0
