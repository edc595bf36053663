"""Word vectors: what is looked up, what padding is, and what training may change."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
import torch
from torch import Tensor
from torch.optim import SGD, Adam, AdamW, Optimizer

from gru_sentiment.models.embedding import WordEmbedding

WORDS, DIMENSION, PADDING = 7, 4, 2
IDS = torch.tensor([0, PADDING, 5, 0, PADDING])


def make_embedding(dropout: float = 0.0) -> tuple[WordEmbedding, Tensor]:
    """An embedding, and the weights that it was given."""
    weights = torch.arange(1.0, WORDS * DIMENSION + 1).view(WORDS, DIMENSION)
    return WordEmbedding(weights, padding_id=PADDING, dropout=dropout), weights


def step(embedding: WordEmbedding, optimizer: Optimizer) -> None:
    """One step that pushes every vector of `IDS`, padding too."""
    optimizer.zero_grad()
    (embedding(IDS) + 1).square().sum().backward()
    optimizer.step()


def test_words_get_their_rows_and_padding_gets_zero() -> None:
    embedding, weights = make_embedding()
    vectors = embedding(IDS)
    assert embedding.dimension == DIMENSION
    assert torch.equal(vectors[[0, 2, 3]], weights[[0, 5, 0]])
    assert torch.equal(vectors[[1, 4]], torch.zeros(2, DIMENSION))


def test_the_weights_given_are_copied() -> None:
    """Neither the zero of padding nor training reaches the caller's tensor."""
    embedding, weights = make_embedding()
    kept = weights.clone()
    step(embedding, SGD(embedding.parameters(), lr=0.1))
    assert torch.equal(weights, kept)


@pytest.mark.parametrize(
    "make_optimizer",
    [
        lambda parameters: SGD(parameters, lr=0.1, momentum=0.9, weight_decay=0.1),
        lambda parameters: Adam(parameters, lr=0.1),
        lambda parameters: AdamW(parameters, lr=0.1, weight_decay=0.1),
    ],
    ids=["sgd", "adam", "adamw"],
)
def test_padding_stays_zero_while_words_are_trained(
    make_optimizer: Callable[[Iterable[Tensor]], Optimizer],
) -> None:
    embedding, weights = make_embedding()
    optimizer = make_optimizer(embedding.parameters())
    for _ in range(3):
        step(embedding, optimizer)
    assert torch.equal(embedding.table.weight[PADDING], torch.zeros(DIMENSION))
    assert (embedding.table.weight[[0, 5]] != weights[[0, 5]]).all()


def test_a_frozen_table_has_no_gradient_until_released() -> None:
    embedding, weights = make_embedding()
    embedding.set_trainable(False)
    assert not embedding(IDS).requires_grad
    assert [p for p in embedding.parameters() if p.requires_grad] == []
    embedding.set_trainable(True)
    step(embedding, SGD(embedding.parameters(), lr=0.1))
    assert embedding.table.weight.grad is not None
    assert (embedding.table.weight[0] != weights[0]).all()


def test_dropout_acts_in_training_alone() -> None:
    """Whole numbers are dropped, the others doubled so that the mean stays."""
    embedding, weights = make_embedding(dropout=0.5)
    torch.manual_seed(0)
    ratio = embedding(torch.zeros(200, dtype=torch.int64)) / weights[0]
    assert set(ratio.unique().tolist()) == {0.0, 2.0}
    assert torch.equal(embedding.eval()(IDS[:1]), weights[:1])
