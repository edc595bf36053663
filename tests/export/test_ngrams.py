"""N-grams beside a network, counted by ONNX."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gru_sentiment.baselines.model import LinearModel, n_weights_for
from gru_sentiment.baselines.ngrams import Features, frequent_ngrams
from gru_sentiment.data.labels import Labels
from gru_sentiment.data.vocab import SPECIALS, Vocabulary
from gru_sentiment.export.ngrams import Ngrams
from gru_sentiment.trained.linear import Linear
from gru_sentiment.trained.network import Network

from .networks import (
    VOCABULARY,
    WORDS,
    Session,
    expected,
    head_of,
    inputs,
    new_network,
    random_texts,
)

OWN = Vocabulary([*SPECIALS, *WORDS[::-2]])
"""Other words than the network knows, in another order."""


def keys_of(longest: int) -> np.ndarray:  # type: ignore[type-arg]
    texts = random_texts(60, seed=5)
    ids = np.concatenate([OWN.ids(text) for text in texts])
    keys, _ = frequent_ngrams([(ids, np.array(list(map(len, texts))))], longest, 1)
    return keys


def with_ngrams(labels: Labels, features: Features) -> Network:
    network = new_network(labels, n_logits=n_weights_for(len(labels)))
    draw = np.random.default_rng(0)
    outputs = n_weights_for(len(labels))
    weights = draw.normal(size=(len(features.keys), outputs)).astype(np.float32)
    model = LinearModel(features, weights, draw.normal(size=outputs).astype(np.float32))
    beside = Linear(Path("n"), OWN, labels, model, temperature=2.5)
    fitted = replace(network.calibration, weights=np.array([0.7, 0.4]))
    return replace(network, ngrams=beside, calibration=fitted)


def features_of(name: str) -> Features:
    longest = {"three words": 3, "no pairs": 3}.get(name, 2)
    keys = keys_of(longest)
    if name == "none":
        keys = keys[:0]
    if name == "no pairs":
        keys = keys[(keys < 1 << 21) | (keys >= 1 << 42)]
    draw = np.random.default_rng(3)
    idf = draw.uniform(1, 3, len(keys)).astype(np.float32) if name == "tf-idf" else None
    return Features(keys, longest, idf)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("name", ["two words", "three words", "no pairs", "tf-idf", "none"])
def test_predicts_what_both_do(name: str, classes: int) -> None:
    network = with_ngrams(Labels(list(range(classes))), features_of(name))
    assert network.ngrams is not None
    assert network.calibration.weights is not None
    beside = Ngrams(network.ngrams.model, network.ngrams.temperature, network.calibration.weights)
    session = Session(network, replace(head_of(network), ngrams=beside))
    for n in (1, 3, 17, 256):
        texts = random_texts(n, seed=n)
        fed = inputs(VOCABULARY, texts) | inputs(OWN, texts, "ngram_")
        assert np.abs(session(fed) - expected(network, texts)).max() < 1e-5


def test_the_n_grams_count() -> None:
    network = with_ngrams(Labels([0, 1]), features_of("two words"))
    texts = random_texts(20)
    alone = replace(network, ngrams=None)
    assert np.abs(expected(network, texts) - expected(alone, texts)).max() > 0.1
