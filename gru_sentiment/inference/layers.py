"""The recurrent layers, forward: by the compiled kernel, or step by step where there is none.

Axes: (tokens, directions, ...), the tokens in packed order (`gru_sentiment/batch.py`).
"""

from __future__ import annotations

import numpy as np

from gru_sentiment.arrays import Singles
from gru_sentiment.inference.steps import Weights, names_of, step_by_step
from gru_sentiment.kernel.layout import Cell, Texts
from gru_sentiment.kernel.library import kernel
from gru_sentiment.kernel.passes import Layer


def expected_shapes(
    cell: Cell, *, input_size: int, hidden: int, layers: int, directions: int
) -> dict[str, list[int]]:
    """The shapes of all parameters of all layers, by name."""
    rows, found = cell.gates * hidden, {}
    for layer in range(layers):
        columns = directions * hidden if layer else input_size
        shapes = ([rows, columns], [rows, hidden], [rows], [rows])
        for names, shape in zip(names_of(layer, directions), shapes, strict=True):
            found.update(dict.fromkeys(names, shape))
    return found


def run_layer(threads: int, cell: Cell, weights: Weights, texts: Texts, x: Singles) -> Singles:
    """The states of a layer after each token, (tokens, directions, hidden).

    Args:
        threads: at most.
        cell: what is computed for each unit.
        weights: of the layer.
        texts: where the tokens lie.
        x: (tokens, input).
    """
    compiled = kernel()
    if compiled is None:
        return step_by_step(cell, weights, texts, x)
    layer = Layer(compiled, cell, texts, weights.w, weights.u, threads)
    return _by_kernel(layer, weights, x)


def _by_kernel(layer: Layer, weights: Weights, x: Singles) -> Singles:
    cell, hidden = layer.cell, layer.hidden
    bias, bias_n = weights.b + weights.c, None
    if cell.has_inner:
        # n of a GRU adds its recurrent bias behind the reset gate
        n = slice(2 * hidden, None)
        bias[:, n], bias_n = weights.b[:, n], np.ascontiguousarray(weights.c[:, n])
    zeros = np.zeros((len(weights.u), layer.texts.batch, hidden), np.float32)
    c = zeros.copy() if cell.has_cells else None
    return layer.forward(np.ascontiguousarray(x), bias, bias_n, zeros, c, store=False).out
