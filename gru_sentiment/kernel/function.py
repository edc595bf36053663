"""A recurrent layer of any cell as one autograd function, by a compiled kernel.

What is large and needs no step after step is a product of torch: W x before the forward pass, and
after the backward pass the gradients of the weights and of x. `models/recurrence.py` has the
equations, and computes the same without a kernel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from gru_sentiment.arrays import Singles
from gru_sentiment.kernel.library import Kernel
from gru_sentiment.kernel.passes import Cell, Gradients, Layer, Stored, Texts


@dataclass(frozen=True)
class CompiledCall:
    """What a layer is computed with, beside its tensors."""

    kernel: Kernel
    cell: Cell
    texts: Texts
    threads: int
    store: bool
    """Keep what the backward pass needs."""


class CompiledRecurrence(Function):
    """One layer, all its directions: packed tokens to outputs and final states.

    Takes the call, the input (tokens, input), the weights and biases of torch stacked by direction,
    and the initial states, each (directions, batch, hidden): h, and c of an LSTM.

    Returns (tokens, directions x hidden) and the final states.
    """

    @staticmethod
    def forward(
        ctx: Any,
        call: CompiledCall,
        x: Tensor,
        w_ih: Tensor,
        w_hh: Tensor,
        b_ih: Tensor,
        b_hh: Tensor,
        *initial: Tensor,
    ) -> tuple[Tensor, ...]:
        directions, rows, hidden = w_hh.shape
        layer = Layer(call.kernel, call.cell, call.texts, _array(w_hh), call.threads)
        gates = (x @ w_ih.flatten(0, 1).T).view(len(x), directions, rows)
        # n of a GRU adds its recurrent bias behind the reset gate
        bias, bias_n = b_ih + b_hh, None
        if call.cell.has_inner:
            bias[:, 2 * hidden :] = b_ih[:, 2 * hidden :]
            bias_n = _array(b_hh[:, 2 * hidden :])
        h0, c = _array(initial[0]), None
        if call.cell.has_cells:
            c = _array(initial[1]).copy()
        stored = layer.forward(_array(gates), _array(bias), bias_n, h0, c, store=call.store)
        out = torch.from_numpy(stored.out).flatten(1)
        if call.store:
            ctx.set_materialize_grads(False)  # None, not zeros, of an output that nobody used
            ctx.call, ctx.n_states = call, len(initial)
            optional = (
                None if a is None else torch.from_numpy(a) for a in (stored.inner, stored.cells)
            )
            ctx.save_for_backward(x, w_ih, w_hh, *initial, out, gates, *optional)
        final = _final_states(stored.out, call.texts)
        return (out, final) if c is None else (out, final, torch.from_numpy(c))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_out: Tensor | None, *d_final: Tensor | None) -> tuple[Any, ...]:
        x, w_ih, w_hh, *saved = ctx.saved_tensors
        initial, (out, gates, inner, cells) = saved[: ctx.n_states], saved[ctx.n_states :]
        layer = Layer(
            ctx.call.kernel, ctx.call.cell, ctx.call.texts, _array(w_hh), ctx.call.threads
        )
        by_direction = (len(x), layer.directions, layer.hidden)
        stored = Stored(
            _array(out).reshape(by_direction), _array(gates), _optional(inner), _optional(cells)
        )
        h0, c0 = _array(initial[0]), _array(initial[1]) if layer.cell.has_cells else None
        d_initial = [_own(d, like) for d, like in zip(d_final, initial, strict=True)]
        d_h, d_c = d_initial[0], d_initial[1] if layer.cell.has_cells else None
        d_states = None if d_out is None else _array(d_out).reshape(by_direction)
        gradients = layer.backward(stored, h0, c0, d_out=d_states, d_h=d_h, d_c=d_c)
        d_x = _input_gradient(layer, gradients, w_ih) if ctx.needs_input_grad[1] else None
        parameters = _parameter_gradients(layer, gradients, x)
        return None, d_x, *parameters, *map(torch.from_numpy, d_initial)


def _parameter_gradients(layer: Layer, gradients: Gradients, x: Tensor) -> list[Tensor]:
    """Gradients of W, U, b and c, each stacked by direction."""
    rows, turn = layer.weights.shape[1], _turn(layer)
    d_bias = torch.from_numpy(gradients.bias)
    d_w, d_u = [], []
    for direction in range(layer.directions):
        d_gates = torch.from_numpy(gradients.gates[:, direction])
        d_w.append(d_gates[:, :rows].T @ x)
        d_u.append(d_gates[:, -rows:].T @ torch.from_numpy(gradients.before[:, direction]))
    return [
        torch.stack(d_w).roll(-turn, 1),
        torch.stack(d_u),
        d_bias[:, :rows].roll(-turn, 1),
        d_bias[:, -rows:],
    ]


def _input_gradient(layer: Layer, gradients: Gradients, w_ih: Tensor) -> Tensor:
    """sum_k Wk^T d_a_k over both directions, (tokens, input)."""
    d_x = w_ih.new_zeros(len(gradients.gates), w_ih.shape[2])
    for direction, weight in enumerate(w_ih.roll(_turn(layer), 1)):
        d_gates = torch.from_numpy(gradients.gates[:, direction])
        d_x.addmm_(d_gates[:, : len(weight)], weight)
    return d_x


def _turn(layer: Layer) -> int:
    """The gradients of a GRU's gates begin with n, the last gate: rows to turn the weights by."""
    return layer.hidden if layer.cell.has_inner else 0


def _final_states(out: Singles, texts: Texts) -> Tensor:
    """Forward, each text's last token; backward, its first. (directions, batch, hidden)"""
    lengths = np.searchsorted(-texts.sizes, -np.arange(texts.batch), side="left")
    last = texts.starts[lengths - 1] + np.arange(texts.batch)
    finals = [
        out[last, 0],
        *(out[: texts.batch, direction] for direction in range(1, out.shape[1])),
    ]
    return torch.from_numpy(np.stack(finals))


def _array(tensor: Tensor) -> Singles:
    """The same numbers as an array without gaps."""
    array: Singles = tensor.detach().contiguous().numpy()
    return array


def _optional(tensor: Tensor | None) -> Singles | None:
    return None if tensor is None else _array(tensor)


def _own(gradient: Tensor | None, like: Tensor) -> Singles:
    """A gradient in memory of its own; zeros where there is none."""
    own = torch.zeros_like(like) if gradient is None else gradient.clone()
    return _array(own)
