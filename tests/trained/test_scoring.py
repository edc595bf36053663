"""Predictions come back in the order of the rows that were asked for."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_sequence

from gru_sentiment.batch import Batch
from gru_sentiment.data.batching import Batcher
from gru_sentiment.data.encoding import EncodedTexts
from gru_sentiment.models.classifier import TextClassifier
from gru_sentiment.models.embedding import WordEmbedding
from gru_sentiment.trained.predictions import score
from gru_sentiment.training.losses import log_probabilities

CPU = torch.device("cpu")
WORDS = 30


@pytest.fixture(scope="module")
def encoded() -> EncodedTexts:
    generator = np.random.default_rng(0)
    lengths = generator.integers(1, 12, 20)
    ids = generator.integers(2, WORDS, lengths.sum()).astype(np.int32)
    return EncodedTexts(np.arange(WORDS, dtype=np.int32), ids, np.cumsum([0, *lengths]), None, 0)


@pytest.fixture(scope="module")
def model() -> TextClassifier:
    torch.manual_seed(0)
    embedding = WordEmbedding(torch.randn(WORDS, 4), padding_id=1, dropout=0.5)
    pooling = ["last", "mean", "max"]
    return TextClassifier(embedding, 3, hidden_size=5, pooling=pooling, dropout=0.5).eval()


@pytest.fixture(scope="module")
def one_by_one(model: TextClassifier, encoded: EncodedTexts) -> np.ndarray:
    answers = []
    with torch.no_grad():
        for row in range(len(encoded)):
            span = encoded.ids(row)
            tokens = pack_sequence([torch.from_numpy(span.astype(np.int64))])
            answers.append(log_probabilities(model(tokens))[0].numpy())
    return np.stack(answers)


@pytest.mark.parametrize("batch_size", [1, 3, 7, 100])
def test_batch_size_changes_nothing(
    model: TextClassifier, encoded: EncodedTexts, one_by_one: np.ndarray, batch_size: int
) -> None:
    rows = np.arange(len(encoded))
    found = score(model, Batcher(encoded, batch_size).in_order(rows), rows, CPU)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, one_by_one, atol=1e-5)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_order_changes_nothing(
    model: TextClassifier, encoded: EncodedTexts, one_by_one: np.ndarray, seed: int
) -> None:
    """Rows are asked for in any order, and batches come in any other."""
    rows = np.random.default_rng(seed).permutation(len(encoded))[:13]
    batches = Batcher(encoded, 4).shuffled(rows, None, seed=seed, epoch=1)
    found = score(model, batches, rows, CPU)
    np.testing.assert_allclose(found, one_by_one[rows], atol=1e-5)


def test_a_row_may_be_asked_for_twice(
    model: TextClassifier, encoded: EncodedTexts, one_by_one: np.ndarray
) -> None:
    rows = np.array([5, 2, 5, 9, 2])
    found = score(model, Batcher(encoded, 2).in_order(rows), rows, CPU)
    np.testing.assert_allclose(found, one_by_one[rows], atol=1e-5)


@pytest.mark.parametrize("training", [True, False])
def test_the_mode_is_put_back(
    model: TextClassifier, encoded: EncodedTexts, one_by_one: np.ndarray, training: bool
) -> None:
    rows = np.arange(4)
    model.train(training)
    try:
        found = score(model, Batcher(encoded, 2).in_order(rows), rows, CPU)
        assert model.training == model.dropout.training == training
    finally:
        model.eval()
    # in evaluation mode: without dropout
    np.testing.assert_allclose(found, one_by_one[:4], atol=1e-5)


def test_batches_are_taken_one_at_a_time_and_without_gradients() -> None:
    alive: list[bool] = []

    class Watching(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.ones(1))

        def forward(self, tokens: object) -> torch.Tensor:
            alive.append(torch.is_grad_enabled())
            return self.weight.view(1, 1)

    def batches() -> Iterator[Batch]:
        for row in range(3):
            assert len(alive) == row
            yield Batch(pack_sequence([torch.tensor([2])]), torch.tensor([row]))

    found = score(Watching(), batches(), np.arange(3), CPU)
    assert alive == [False] * 3
    np.testing.assert_allclose(np.exp(found[:, 1]), [1 / (1 + np.exp(-1))] * 3)
