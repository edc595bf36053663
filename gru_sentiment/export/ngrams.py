"""The n-gram model beside a network as operators of ONNX.

ONNX counts n-grams by a list of those that are known: first those of one word, then those of two,
and so on, which is the order of their keys. None of them holds id 0, the unknown word.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gru_sentiment.arrays import Floats, Integers
from gru_sentiment.baselines.model import LinearModel
from gru_sentiment.baselines.ngrams import BITS, MAX_WORDS, Features
from gru_sentiment.export.nodes import Nodes


@dataclass(frozen=True)
class Ngrams:
    """An n-gram model, and how much it counts."""

    model: LinearModel
    temperature: float
    """Of its own."""
    weights: Floats
    """Of network and n-grams, shape (2,)."""


def ngram_log_probabilities(nodes: Nodes, ids: str, ngrams: Ngrams) -> str:
    """Ids (batch, time), 0 behind the end of each text, to log-probabilities (batch, classes).

    For a model that knows no n-gram the shape is (1, classes).
    """
    model = ngrams.model
    bias = nodes.constant(model.bias[None])
    scores = bias
    if len(model.features.keys):
        values = _values(nodes, ids, model.features)
        scores = nodes.add("Add", nodes.add("MatMul", values, nodes.constant(model.weights)), bias)
    if model.weights.shape[1] == 1:
        scores = nodes.add("Concat", nodes.add("Neg", scores), scores, axis=1)
    # log s(x) = -softplus(-x)
    alone = nodes.add("Neg", nodes.add("Softplus", nodes.add("Neg", scores)))
    scale = nodes.constant(np.array(1 / ngrams.temperature, np.float32))
    return str(nodes.add("LogSoftmax", nodes.add("Mul", alone, scale), axis=1))


def _values(nodes: Nodes, ids: str, features: Features) -> str:
    """The features of `Features.of`, (batch, features), those that are 0 too."""
    pool, starts = _pool(features)
    counts = nodes.add(
        "TfIdfVectorizer",
        ids,
        mode="TF",
        min_gram_length=1,
        max_gram_length=len(starts),
        max_skip_count=0,
        ngram_counts=starts,
        ngram_indexes=list(range(len(features.keys))),
        pool_int64s=pool.tolist(),
    )
    one = nodes.constant(np.array(1, np.float32))
    occurs = nodes.add("Min", counts, one)
    if features.idf is None:
        return str(occurs)
    logarithms = nodes.add("Add", nodes.add("Log", nodes.add("Max", counts, one)), occurs)
    # (1 + ln count) idf where it occurs; ln 1 = 0 elsewhere
    values = nodes.add("Mul", logarithms, nodes.constant(features.idf[None]))
    norms = nodes.add("ReduceL2", values, axes=[1], keepdims=1)
    tiny = nodes.constant(np.array(1e-30, np.float32))
    return str(nodes.add("Div", values, nodes.add("Max", norms, tiny)))


def _pool(features: Features) -> tuple[Integers, list[int]]:
    """The ids of all n-grams, one after the other, and where those of each length begin."""
    keys, parts, starts = features.keys, list[Integers](), list[int]()
    for length in range(1, features.longest + 1):
        low, high = np.searchsorted(keys, [1 << (length - 1) * BITS, 1 << length * BITS])
        shifts = np.arange(length - 1, -1, -1) * BITS
        starts.append(sum(map(len, parts)))
        parts.append((keys[low:high, None] >> shifts & MAX_WORDS - 1).ravel())
    return np.concatenate(parts), starts
