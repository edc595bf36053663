"""The graph in onnxruntime predicts what the network does, for all cells, poolings and labels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gru_sentiment.artifact.tensors import SCALES
from gru_sentiment.export.graph import Head
from gru_sentiment.export.int8 import TABLE, int8_rows

from .networks import (
    KINDS,
    UNKNOWN,
    VOCABULARY,
    WORDS,
    Session,
    expected,
    head_of,
    inputs,
    new_network,
    random_texts,
)

CELLS = {
    "gru": {"cell": "gru"},
    "lstm": {"cell": "lstm"},
    "rnn": {"cell": "rnn"},
    "relu": {"cell": "rnn", "nonlinearity": "relu"},
}
POOLINGS = [["last"], ["mean"], ["max"], ["attention"], ["max", "mean", "attention", "last"]]
BATCHES = (1, 3, 17, 256)


def check(**options: Any) -> None:
    network = new_network(**options)
    session = Session(network)
    for n in BATCHES:
        texts = random_texts(n, seed=n)
        found = session(inputs(VOCABULARY, texts))
        assert found.dtype == np.float32
        assert np.abs(found - expected(network, texts)).max() < 1e-5


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_cells_and_poolings(cell: str, bidirectional: bool, layers: int) -> None:
    for pooling in POOLINGS:
        check(pooling=pooling, bidirectional=bidirectional, layers=layers, **CELLS[cell])


@pytest.mark.parametrize("kind", KINDS)
def test_kinds_of_labels(kind: str) -> None:
    labels, n_logits = KINDS[kind]
    check(labels=labels, n_logits=n_logits)


def test_a_text_is_the_same_alone_and_among_others() -> None:
    session = Session(new_network(pooling=["attention", "mean"]))
    texts = random_texts(20)
    together = session(inputs(VOCABULARY, texts))
    alone = np.concatenate([session(inputs(VOCABULARY, [text])) for text in texts])
    assert np.abs(together - alone).max() < 1e-6


def test_texts_without_a_known_token_have_the_prior_if_there_is_one() -> None:
    network = new_network()
    texts = [[], UNKNOWN, [*UNKNOWN, WORDS[0]]]
    found = Session(network)(inputs(VOCABULARY, texts))
    assert np.allclose(found[:2], network.calibration.prior)
    assert not np.allclose(found[2], network.calibration.prior)
    without = Session(network, Head(2, temperature=1.7))(inputs(VOCABULARY, texts))
    assert np.abs(without[:2] - network.calibration.prior).max() > 0.01
    assert np.allclose(without[2], found[2])


def test_an_empty_text_is_one_padding_token_or_of_length_0() -> None:
    session = Session(new_network(), Head(2))
    ids = np.array([[1, 2], [5, 6]])
    one, zero = (session({"ids": ids, "lengths": np.array([n, 2])}) for n in (1, 0))
    assert np.array_equal(one, zero)


def test_int8_rows_have_a_scale_each() -> None:
    network = new_network()
    table = network.model.get_parameter("embedding.table.weight")
    plain, columns = Session(network), int8_rows(table.detach().numpy()).columns
    session = Session(network, int8=True)
    stored = {each.name: each for each in session.graph.graph.initializer}
    assert len(stored[TABLE].raw_data) == table.numel()
    assert len(stored[TABLE + SCALES].raw_data) == 2 * len(table)
    assert {n for n in stored if n.startswith(TABLE)} == {TABLE, TABLE + SCALES}
    texts = random_texts(50)
    rounded = session(inputs(VOCABULARY, texts))
    assert 0 < np.abs(rounded - plain(inputs(VOCABULARY, texts))).max() < 1e-2
    # the network with the rounded rows is what it predicts, and is rounded no further; its columns
    # are in the input weights
    scales = np.frombuffer(stored[TABLE + SCALES].raw_data, np.float16).astype(np.float32)
    rows = np.frombuffer(stored[TABLE].raw_data, np.int8).reshape(table.shape)
    table.data.copy_(table.new_tensor(rows.astype(np.float32) * scales[:, None]))
    for name in ("recurrent.weight_ih_l0", "recurrent.weight_ih_l0_reverse"):
        input_weights = network.model.get_parameter(name)
        input_weights.data.mul_(input_weights.new_tensor(columns))
    assert np.abs(rounded - expected(network, texts)).max() < 1e-6
    again = Session(network, int8=True)(inputs(VOCABULARY, texts))
    assert np.array_equal(again, rounded)


def test_temperature_is_applied() -> None:
    network = new_network()
    hot = Session(network, Head(2, temperature=20.0))(inputs(VOCABULARY, [WORDS]))
    cold = Session(network, Head(2, temperature=0.05))(inputs(VOCABULARY, [WORDS]))
    assert hot.max() < cold.max()
    assert head_of(network).temperature == 1.7
