"""Options of the model arrive where they belong."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_sequence

from gru_sentiment.builders.model import build_model, n_logits_for, release_layers
from gru_sentiment.config.sections import Config, ModelConfig
from gru_sentiment.config.training import (
    FineTuningConfig,
    TrainingConfig,
)
from gru_sentiment.data.vocab import PADDING_ID
from gru_sentiment.errors import DataError

from .tiny import CPU, tiny_model


@pytest.mark.parametrize(("cell", "kind"), [("rnn", nn.RNN), ("lstm", nn.LSTM), ("gru", nn.GRU)])
def test_model_options(cell: str, kind: type[nn.RNNBase]) -> None:
    model = tiny_model(
        cell=cell,
        layers=2,
        bidirectional=False,
        pooling=("max", "last"),
        embedding_dropout=0.1,
        layer_dropout=0.2,
        dropout=0.3,
    )
    recurrent = model.recurrent
    assert isinstance(recurrent, kind)
    assert (recurrent.input_size, recurrent.hidden_size, recurrent.num_layers) == (5, 3, 2)
    assert (recurrent.bidirectional, recurrent.dropout) == (False, 0.2)
    assert (model.embedding.dropout.p, model.dropout.p) == (0.1, 0.3)
    assert model.head.weight.shape == (1, 2 * 3)


@pytest.mark.parametrize(("nonlinearity", "expected"), [(None, "tanh"), ("relu", "relu")])
def test_an_rnn_takes_its_nonlinearity(nonlinearity: str | None, expected: str) -> None:
    model = tiny_model(cell="rnn", nonlinearity=nonlinearity)
    assert model.recurrent.nonlinearity == expected


def test_the_embedding_starts_from_the_weights_and_padding_is_zero() -> None:
    table = tiny_model().embedding.table.weight
    assert table[PADDING_ID].tolist() == [0.0] * 5
    kept = [i for i in range(4) if i != PADDING_ID]
    assert torch.equal(table[kept], torch.ones(3, 5))


@pytest.mark.parametrize(
    ("loss", "classes", "outputs"),
    [("bce", 2, 1), ("cross_entropy", 2, 2), ("cross_entropy", 5, 5)],
)
def test_outputs_follow_from_the_loss(loss: Any, classes: int, outputs: int) -> None:
    training = TrainingConfig(loss=loss)
    assert n_logits_for(training, classes) == outputs
    config = Config(model=ModelConfig(hidden_size=3), training=training)
    model = build_model(config, torch.ones(4, 5), classes, CPU)
    assert model(pack_sequence([torch.tensor([2, 3])])).shape == (1, outputs)


def test_bce_is_for_two_classes() -> None:
    with pytest.raises(DataError) as caught:
        n_logits_for(TrainingConfig(loss="bce"), 3)
    assert caught.value.cause == "training.loss bce: needs two classes, the data has 3"
    assert caught.value.hint == "set training.loss to auto"


@pytest.mark.parametrize(
    ("frozen", "trainable"),
    [(0, [True, True, True]), (2, [False, False, True]), ("all", [False, False, False])],
)
def test_the_embedding_thaws_after_its_epochs(frozen: Any, trainable: list[bool]) -> None:
    config = Config(model=ModelConfig(hidden_size=3, embedding_frozen_epochs=frozen))
    model = tiny_model()
    found = []
    for epoch in (1, 2, 3):
        release_layers(config, model, epoch)
        found.append(model.embedding.table.weight.requires_grad)
        assert all(p.requires_grad for n, p in model.named_parameters() if "embedding" not in n)
    assert found == trainable


def test_layers_are_released_from_the_top() -> None:
    fine_tuning = FineTuningConfig(unfreeze_epochs=2)
    config = Config(training=TrainingConfig(fine_tuning=fine_tuning))
    model = tiny_model(layers=2, pooling=("attention",))
    parts = {
        "head": [*model.pooling.parameters(), *model.head.parameters()],
        "upper": [p for n, p in model.recurrent.named_parameters() if "_l1" in n],
        "lower": [p for n, p in model.recurrent.named_parameters() if "_l0" in n],
        "vectors": [*model.embedding.parameters()],
    }
    assert sum(map(len, parts.values())) == len(list(model.parameters()))
    for epoch in range(1, 10):
        release_layers(config, model, epoch)
        for depth, layer in enumerate(parts.values()):
            assert {p.requires_grad for p in layer} == {epoch > 2 * depth}, (epoch, depth)
