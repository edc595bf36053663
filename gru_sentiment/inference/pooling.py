"""From the outputs of every token to one vector a text: `models/pooling.py` with numpy.

Every pooling takes the outputs (tokens, width), the final states (batch, width), where the tokens
lie, and its parameters by name. It returns (batch, width).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from gru_sentiment.arrays import Singles
from gru_sentiment.kernel.layout import Texts

Parameters = Mapping[str, Singles]
PREFIX = "pooling.parts."
"""Before the name of a pooling, a dot and the name of a parameter, in a file."""


def pool(
    names: Sequence[str], outputs: Singles, final: Singles, texts: Texts, parameters: Parameters
) -> Singles:
    """One or several poolings side by side: (batch, width x poolings)."""
    found = [POOLINGS[name](outputs, final, texts, parameters) for name in names]
    return np.concatenate(found, axis=1)


def expected_shapes(names: Sequence[str], width: int) -> dict[str, list[int]]:
    """The shapes of the parameters of poolings, by their names in a file."""
    own = {"project.weight": [width, width], "project.bias": [width], "score.weight": [1, width]}
    return {f"{PREFIX}{ATTENTION}.{k}": shape for k, shape in own.items() if ATTENTION in names}


def _steps(texts: Texts, values: Singles) -> Iterator[tuple[int, Singles]]:
    """Step by step: the number of texts that reach it, and the values of their tokens."""
    for start, size in zip(texts.starts.tolist(), texts.sizes.tolist(), strict=True):
        yield size, values[start : start + size]


def _last(_: Singles, final: Singles, __: Texts, ___: Parameters) -> Singles:
    """The final state as it is."""
    return final


def _sum(texts: Texts, values: Singles) -> Singles:
    total = np.zeros((texts.batch, *values.shape[1:]), np.float32)
    for size, of_step in _steps(texts, values):
        total[:size] += of_step
    return total


def _max(texts: Texts, values: Singles) -> Singles:
    top = values[: texts.batch].copy()
    for size, of_step in _steps(texts, values):
        np.maximum(top[:size], of_step, out=top[:size])
    return top


def _mean_pooling(outputs: Singles, _: Singles, texts: Texts, __: Parameters) -> Singles:
    """Sum over each text divided by its length."""
    return _sum(texts, outputs) / texts.lengths.astype(np.float32)[:, None]


def _max_pooling(outputs: Singles, _: Singles, texts: Texts, __: Parameters) -> Singles:
    """Maximum over each text."""
    return _max(texts, outputs)


def _attention(outputs: Singles, _: Singles, texts: Texts, parameters: Parameters) -> Singles:
    """Mean weighted by softmax(v . tanh(W h)) within each text."""
    w, b, v = (
        parameters[f"{PREFIX}{ATTENTION}.{name}"]
        for name in ("project.weight", "project.bias", "score.weight")
    )
    scores = (np.tanh(outputs @ w.T + b) @ v.T)[:, 0]
    text = np.arange(len(outputs)) - np.repeat(texts.starts, texts.sizes)
    weights = np.exp(scores - _max(texts, scores)[text])
    weights = weights / _sum(texts, weights)[text]
    return _sum(texts, weights[:, None] * outputs)


ATTENTION = "attention"
POOLINGS: dict[str, Callable[[Singles, Singles, Texts, Parameters], Singles]] = {
    "last": _last,
    "mean": _mean_pooling,
    "max": _max_pooling,
    ATTENTION: _attention,
}
