"""The same predictions as with torch and spaCy, whatever the network is made of."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from artifact.runs import write_baseline, write_both, write_fusion
from predicting import predict_with_torch
from safetensors.torch import load_file

from gru_sentiment.artifact.files import CONFIG, LABELS, NEEDED, VOCABULARY, WEIGHTS
from gru_sentiment.artifact.manifest import write_manifest
from gru_sentiment.artifact.tensors import compact, write_tensors
from gru_sentiment.data.labels import Labels
from gru_sentiment.inference import network as module
from gru_sentiment.kernel.library import VARIABLE, kernels
from gru_sentiment.recipes import load
from gru_sentiment.results.predictions import Prediction

from .networks import SETS, TEXTS, THREE, TWO, config_of, write_network

CELLS: list[dict[str, Any]] = [
    {"cell": "gru"},
    {"cell": "lstm"},
    {"cell": "rnn"},
    {"cell": "rnn", "nonlinearity": "tanh"},
    {"cell": "rnn", "nonlinearity": "relu"},
]
POOLINGS = [["last"], ["mean"], ["max"], ["attention"], ["attention", "last", "max", "mean"]]
KERNELS = [*(kernel.name for kernel in kernels()), "none"]


def predict(path: Path | None, texts: list[str] = TEXTS, **options: Any) -> list[Prediction]:
    classifier = load.load(path, **options)
    assert classifier is not None
    return classifier.predict(texts)


def assert_same(found: list[Prediction], expected: list[Prediction]) -> None:
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert one.probabilities == pytest.approx(other.probabilities, abs=1e-6)
        assert one.label == other.label
        assert (one.tokens, one.unknown_tokens, one.truncated) == (
            (other.tokens, other.unknown_tokens, other.truncated)
        )


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: "-".join(cell.values()))
def test_cells_directions_and_layers(
    cell: dict[str, Any],
    layers: int,
    bidirectional: bool,
    kernel: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = config_of(**cell, layers=layers, bidirectional=bidirectional, pooling=["last", "max"])
    path = write_network(config=config)
    expected = predict_with_torch(TEXTS, path)
    assert len({round(one.probabilities["positive"], 4) for one in expected}) > 3
    monkeypatch.setenv(VARIABLE, kernel)
    assert_same(predict(path), expected)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("pooling", POOLINGS, ids="-".join)
@pytest.mark.parametrize("labels", [TWO, THREE, SETS], ids=["two", "three", "sets"])
def test_poolings_and_classes(
    pooling: list[str],
    labels: Labels,
    bidirectional: bool,
    kernel: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = config_of(pooling=pooling, bidirectional=bidirectional)
    path = write_network(config=config, labels=labels)
    expected = predict_with_torch(TEXTS, path)
    monkeypatch.setenv(VARIABLE, kernel)
    assert_same(predict(path), expected)


@pytest.mark.parametrize("write", [write_baseline, write_both, write_fusion])
def test_other_kinds_of_runs(write: Any) -> None:
    path = write()
    assert_same(predict(path), predict_with_torch(TEXTS, path))


@pytest.mark.parametrize("budget", [1, 7, 30])
@pytest.mark.parametrize("threads", [1, 3])
def test_no_order_batch_or_thread_changes_a_prediction(
    budget: int, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_network(config=config_of(pooling=["attention", "mean"]))
    expected = dict(zip(TEXTS, predict(path), strict=True))
    monkeypatch.setattr(module, "TOKENS_PER_BATCH", budget)
    orders = [TEXTS[::-1], TEXTS[::2], TEXTS * 3, TEXTS[:1]]
    orders += [list(order) for order in itertools.islice(itertools.permutations(TEXTS), 0, 999, 99)]
    for texts in orders:
        found = predict(path, texts, threads=threads)
        assert_same(found, [expected[text] for text in texts])


def test_no_texts() -> None:
    classifier = load.load(write_network())
    assert classifier is not None
    assert classifier.predict([]) == []
    assert classifier.predict_proba([]).shape == (0, 2)


def test_a_compact_run_expands_the_rows_that_it_reads() -> None:
    path = write_network()
    write_tensors(path / WEIGHTS, compact(load_file(path / WEIGHTS), module.EMBEDDING))
    for name in (CONFIG, VOCABULARY, LABELS):
        assert (path / name).is_file()
    names = [*NEEDED, "inference.json", "calibration.json"]
    write_manifest(path, names)
    classifier = load.load(path)
    assert classifier is not None
    network = classifier._run
    assert isinstance(network, module.Network)
    assert network.model.embedding.stored.dtype == np.int8
    assert_same(predict(path), predict_with_torch(TEXTS, path))


def test_the_run_in_the_package() -> None:
    texts = [*TEXTS, "Not bad at all.", "A waste of two hours. " * 300]
    bundled = Path("bundled")
    assert_same(predict(bundled, texts), predict_with_torch(texts, bundled))
