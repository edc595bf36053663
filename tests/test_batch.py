"""A batch: its size, and what moves with it to a device."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import pytest
import torch
from torch.nn.utils.rnn import pack_sequence

from gru_sentiment.batch import Batch

CPU, META = torch.device("cpu"), torch.device("meta")


def make_batch(labelled: bool = True) -> Batch:
    """Texts a (1 2 3), b (4 5) and c (6 7) of rows 9, 4 and 5."""
    tokens = pack_sequence([torch.tensor(ids) for ids in ([1, 2, 3], [4, 5], [6, 7])])
    return Batch(tokens, torch.tensor([9, 4, 5]), torch.tensor([1, 0, 1]) if labelled else None)


def test_sizes_count_texts_and_words() -> None:
    assert len(make_batch()) == 3
    assert make_batch().n_tokens == 7
    assert make_batch().n_judged == 3
    assert replace(make_batch(), unlabelled=2).n_judged == 1


def test_words_lie_as_the_docstring_draws_them() -> None:
    """a1 b1 c1  a2 b2 c2  a3, of 3, 3 and 1 texts."""
    tokens = make_batch().tokens
    assert tokens.data.tolist() == [1, 4, 6, 2, 5, 7, 3]
    assert tokens.batch_sizes.tolist() == [3, 3, 1]


def test_where_it_already_is_it_stays_itself() -> None:
    batch = make_batch()
    assert batch.to(CPU) is batch


def test_ids_and_labels_move_and_rows_stay() -> None:
    batch = make_batch()
    moved = batch.to(META)
    assert moved.labels is not None
    assert (moved.tokens.data.device, moved.labels.device) == (META, META)
    assert moved.tokens.batch_sizes.device == CPU
    assert moved.rows is batch.rows
    assert (len(moved), moved.n_tokens) == (3, 7)
    assert batch.tokens.data.device == CPU


def test_without_labels_none_appear() -> None:
    batch = make_batch(labelled=False)
    assert batch.labels is None
    assert batch.to(META).labels is None


def test_it_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        make_batch().labels = None  # type: ignore[misc]


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
def test_cuda_gets_the_same_ids_and_labels() -> None:
    """To the GPU and back: equal ids, labels and rows."""
    batch = make_batch()
    there = batch.to(torch.device("cuda"))
    assert there.tokens.data.is_cuda
    back = there.to(CPU)
    assert back.labels is not None
    assert torch.equal(back.tokens.data, batch.tokens.data)
    assert torch.equal(back.labels, torch.tensor([1, 0, 1]))
    assert torch.equal(back.rows, batch.rows)
