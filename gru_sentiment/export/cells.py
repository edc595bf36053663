"""Recurrent layers of torch as operators of ONNX: their gates in its order, their attributes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import nn

from gru_sentiment.arrays import Singles
from gru_sentiment.models.recurrent import GRU, LSTM, RNN


@dataclass(frozen=True)
class Operator:
    """What ONNX calls a cell, and how it orders its gates."""

    name: str
    order: tuple[int, ...]
    """For each gate of ONNX, its place among those of torch."""
    attributes: Callable[[nn.RNNBase], dict[str, Any]] = lambda _: {}
    """Further attributes of the operator."""


def _activations(module: nn.RNNBase) -> dict[str, Any]:
    return {"activations": [str(module.nonlinearity).capitalize()] * directions(module)}


OPERATORS: dict[type[nn.RNNBase], Operator] = {
    RNN: Operator("RNN", (0,), _activations),
    # torch: r z n. ONNX: z r h; torch's reset gate stands after the product
    GRU: Operator("GRU", (1, 0, 2), lambda _: {"linear_before_reset": 1}),
    # torch: i f g o. ONNX: i o f c
    LSTM: Operator("LSTM", (0, 3, 1, 2)),
}


def directions(module: nn.RNNBase) -> int:
    """1, or 2 for a bidirectional one."""
    return 2 if module.bidirectional else 1


def weights(module: nn.RNNBase, layer: int) -> tuple[Singles, Singles, Singles]:
    """A layer's weights in ONNX's order.

    Returns:
        W (directions, gates x hidden, input), R (directions, gates x hidden, hidden) and B
        (directions, 2 x gates x hidden), the biases of W before those of R.
    """
    order = OPERATORS[type(module)].order

    def ordered(name: str) -> Singles:
        suffixes = ("", "_reverse")[: directions(module)]
        found = [getattr(module, f"{name}_l{layer}{suffix}") for suffix in suffixes]
        by_gate = [np.split(one.detach().cpu().numpy(), len(order)) for one in found]
        return np.stack([np.concatenate([gates[i] for i in order]) for gates in by_gate])

    biases = np.concatenate([ordered("bias_ih"), ordered("bias_hh")], axis=1)
    return ordered("weight_ih"), ordered("weight_hh"), biases
