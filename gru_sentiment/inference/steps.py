"""The recurrent layers, forward and step by step, with numpy alone.

Axes: (tokens, directions, ...), the tokens in packed order: the first token of every text, then the
second of those that have one, and so on. A step is a slice of the tokens. Since texts are sorted by
length, the texts of a step are the first ones of the step before.

gru-sent's `models/recurrence.py` has the same equations with their gradients.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from gru_sentiment.arrays import Integers, Singles
from gru_sentiment.kernel.layout import GRU, LSTM, RNN_RELU, RNN_TANH, Cell, Texts

CELLS: dict[str, dict[str | None, Cell]] = {
    "rnn": {None: RNN_TANH, "tanh": RNN_TANH, "relu": RNN_RELU},
    "gru": {None: GRU},
    "lstm": {None: LSTM},
}
"""By name and by nonlinearity."""
PARAMETERS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


@dataclass(frozen=True)
class Weights:
    """The parameters of one layer, stacked by direction."""

    w: Singles
    """Input weights, (directions, gates x hidden, input)."""
    u: Singles
    """Recurrent weights, (directions, gates x hidden, hidden)."""
    b: Singles
    """Biases beside W, (directions, gates x hidden)."""
    c: Singles
    """Biases beside U, the same."""


def names_of(layer: int, directions: int) -> Iterator[list[str]]:
    """The names in a file of each parameter of a layer: a name for each direction."""
    for name in PARAMETERS:
        yield [f"recurrent.{name}_l{layer}{suffix}" for suffix in ("", "_reverse")[:directions]]


def final_states(out: Singles, texts: Texts) -> Singles:
    """The state of each text: forward after its last token, backward after its first.

    From (tokens, directions, hidden) to (batch, directions x hidden).
    """
    ends = [out[texts.last, 0]]
    if out.shape[1] > 1:
        ends.append(out[: texts.batch, 1])
    return np.concatenate(ends, axis=1)


Step = Callable[[Any, Singles, Singles], tuple[Singles, Any]]
"""The states before a step and the two parts of its gates, W x + b and U h + c, to the states after
it. `Any` is the cells of an LSTM, and the states h of a GRU."""


def step_by_step(cell: Cell, weights: Weights, texts: Texts, x: Singles) -> Singles:
    """The states of a layer after each token, (tokens, directions, hidden).

    Args:
        cell: what is computed for each unit.
        weights: of the layer.
        texts: where the tokens lie.
        x: (tokens, input).
    """
    hidden, step = weights.u.shape[2], STEPS[cell]
    out = np.empty((len(x), len(weights.u), hidden), np.float32)
    mirror = _mirror(texts) if len(weights.u) > 1 else None
    for d in range(len(weights.u)):
        # the second direction reads every text from its last token
        inputs = (x if d == 0 else x[mirror]) @ weights.w[d].T + weights.b[d]
        states, h = np.empty((len(x), hidden), np.float32), np.zeros((texts.batch, hidden), "f4")
        other = h
        for start, size in zip(texts.starts, texts.sizes, strict=True):
            tokens, h, other = slice(start, start + size), h[:size], other[:size]
            products = h @ weights.u[d].T + weights.c[d]
            h, other = step(other, inputs[tokens], products)
            states[tokens] = h
        out[:, d] = states if d == 0 else states[mirror]
    return out


def _rnn_tanh(_: Any, inputs: Singles, products: Singles) -> tuple[Singles, Any]:
    """h' = tanh(W x + b + U h + c)"""
    h = np.tanh(inputs + products)
    return h, h


def _rnn_relu(_: Any, inputs: Singles, products: Singles) -> tuple[Singles, Any]:
    """h' = max(W x + b + U h + c, 0)"""
    h = np.maximum(inputs + products, 0)
    return h, h


def _gru(h: Singles, inputs: Singles, products: Singles) -> tuple[Singles, Any]:
    """One step of a GRU::

    r = s(Wr x + br + Ur h + cr)    z = s(Wz x + bz + Uz h + cz)
    n = tanh(Wn x + bn + r (Un h + cn))
    h' = (1 - z) n + z h
    """
    hidden = h.shape[1]
    r_z = _sigmoid(inputs[:, : 2 * hidden] + products[:, : 2 * hidden])
    r, z = r_z[:, :hidden], r_z[:, hidden:]
    n = np.tanh(inputs[:, 2 * hidden :] + r * products[:, 2 * hidden :])
    after = n + z * (h - n)
    return after, after


def _lstm(c: Singles, inputs: Singles, products: Singles) -> tuple[Singles, Any]:
    """One step of an LSTM, whose gates i, f, g and o stand in this order::

    i = s(a_i)    f = s(a_f)    g = tanh(a_g)    o = s(a_o)    a_k = Wk x + bk + Uk h + ck
    c' = f c + i g
    h' = o tanh(c')
    """
    i, f, g, o = np.split(inputs + products, 4, axis=1)
    after = _sigmoid(f) * c + _sigmoid(i) * np.tanh(g)
    return _sigmoid(o) * np.tanh(after), after


STEPS: dict[Cell, Step] = {RNN_TANH: _rnn_tanh, RNN_RELU: _rnn_relu, GRU: _gru, LSTM: _lstm}


def _sigmoid(x: Singles) -> Singles:
    """1 / (1 + exp(-x)), without overflow."""
    half = np.float32(0.5)
    found: Singles = half * np.tanh(half * x) + half
    return found


def _mirror(texts: Texts) -> Integers:
    """The position of the token that stands mirrored within the same text, shape (tokens,)."""
    step = np.repeat(np.arange(len(texts.sizes)), texts.sizes)
    text = np.arange(texts.tokens) - texts.starts[step]
    mirrored: Integers = texts.starts[texts.lengths[text] - 1 - step] + text
    return mirrored
