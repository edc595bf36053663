"""The poolings as operators of ONNX, over the true length of every text.

Each takes the outputs of the top layer (time, batch, width), which steps are tokens of a text
(time, batch, 1), the number of tokens (batch, 1) and the final state (batch, width), and gives
(batch, width).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from torch import Tensor, nn

from gru_sentiment.arrays import Singles
from gru_sentiment.export.nodes import Nodes

LOWEST = np.float32(-3e38)
"""Below every output, and finite."""


@dataclass(frozen=True)
class Outputs:
    """What a pooling reads, by name."""

    outputs: str
    """Shape (time, batch, width)."""
    is_token: str
    """Shape (time, batch, 1)."""
    n_tokens: str
    """In float32, shape (batch, 1)."""
    final: str
    """Shape (batch, width)."""


def _last(_: Nodes, of: Outputs, __: nn.Module) -> str:
    return of.final


def _mean(nodes: Nodes, of: Outputs, _: nn.Module) -> str:
    total = _over_time(nodes, _or(nodes, of, of.outputs, np.float32(0)))
    return str(nodes.add("Div", total, of.n_tokens))


def _max(nodes: Nodes, of: Outputs, _: nn.Module) -> str:
    tokens = _or(nodes, of, of.outputs, LOWEST)
    return str(nodes.add("ReduceMax", tokens, axes=[0], keepdims=0))


def _attention(nodes: Nodes, of: Outputs, module: nn.Module) -> str:
    """The mean weighted by softmax(v . tanh(W h)) over the tokens of each text."""
    weights = {name: numbers(tensor) for name, tensor in module.state_dict().items()}
    product = nodes.add("MatMul", of.outputs, nodes.constant(weights["project.weight"].T))
    projected = nodes.add("Add", product, nodes.constant(weights["project.bias"]))
    squashed = nodes.add("Tanh", projected)
    scores = nodes.add("MatMul", squashed, nodes.constant(weights["score.weight"].T))
    shares = nodes.add("Softmax", _or(nodes, of, scores, LOWEST), axis=0)
    tokens = _or(nodes, of, of.outputs, np.float32(0))
    return _over_time(nodes, nodes.add("Mul", shares, tokens))


POOLINGS: dict[str, Callable[[Nodes, Outputs, nn.Module], str]] = {
    "last": _last,
    "mean": _mean,
    "max": _max,
    "attention": _attention,
}


def numbers(tensor: Tensor) -> Singles:
    """A weight as an array."""
    array: Singles = tensor.detach().cpu().numpy()
    return array


def _or(nodes: Nodes, of: Outputs, value: str, otherwise: np.float32) -> str:
    """A value (time, batch, n) at the tokens, and a number behind the end of each text."""
    return str(nodes.add("Where", of.is_token, value, nodes.constant(np.array(otherwise))))


def _over_time(nodes: Nodes, value: str) -> str:
    """The sum of (time, batch, n) over the steps."""
    return str(nodes.add("ReduceSum", value, nodes.axes(0), keepdims=0))
