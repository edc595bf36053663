"""A recurrent layer of any cell as one autograd function, by a compiled kernel.

`models/recurrence.py` has the equations, and computes the same without a kernel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from gru_sentiment.arrays import Singles
from gru_sentiment.kernel.layout import Cell, Texts
from gru_sentiment.kernel.library import Kernel
from gru_sentiment.kernel.passes import Layer, Stored


@dataclass(frozen=True)
class CompiledCall:
    """What a layer is computed with, beside its tensors."""

    kernel: Kernel
    cell: Cell
    texts: Texts
    threads: int
    store: bool
    """Keep what the backward pass needs."""

    def layer(self, w: Tensor, u: Tensor) -> Layer:
        """The layer with these weights."""
        return Layer(self.kernel, self.cell, self.texts, _array(w), _array(u), self.threads)


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
        n = slice(2 * w_hh.shape[2], None)
        bias, bias_n = b_ih + b_hh, None
        if call.cell.has_inner:
            # n of a GRU adds its recurrent bias behind the reset gate
            bias[:, n], bias_n = b_ih[:, n], _array(b_hh[:, n])
        h0, c = _array(initial[0]), _array(initial[1]).copy() if call.cell.has_cells else None
        stored = call.layer(w_ih, w_hh).forward(
            _array(x), _array(bias), bias_n, h0, c, store=call.store
        )
        out = torch.from_numpy(stored.out.reshape(len(x), -1))
        if call.store:
            ctx.set_materialize_grads(False)  # None, not zeros, of an output that nobody used
            ctx.call, ctx.n_states = call, len(initial)
            kept = (_tensor(a) for a in (stored.gates, stored.inner, stored.cells))
            ctx.save_for_backward(x, w_ih, w_hh, *initial, out, *kept)
        final = _final_states(stored.out, call.texts)
        return (out, final) if c is None else (out, final, torch.from_numpy(c))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_out: Tensor | None, *d_final: Tensor | None) -> tuple[Any, ...]:
        x, w_ih, w_hh, *saved = ctx.saved_tensors
        initial, (out, *kept) = saved[: ctx.n_states], saved[ctx.n_states :]
        layer = ctx.call.layer(w_ih, w_hh)
        by_direction = (len(x), layer.directions, layer.hidden)
        stored = Stored(_array(out).reshape(by_direction), *map(_optional_array, kept))
        d_initial = [_own(d, like) for d, like in zip(d_final, initial, strict=True)]
        has_cells = ctx.call.cell.has_cells
        gradients = layer.backward(
            _array(x),
            stored,
            _array(initial[0]),
            _array(initial[1]) if has_cells else None,
            d_out=None if d_out is None else _array(d_out).reshape(by_direction),
            d_h=d_initial[0],
            d_c=d_initial[1] if has_cells else None,
            wants_x=ctx.needs_input_grad[1],
        )
        d_x = None if gradients.x is None else torch.from_numpy(gradients.x)
        if d_x is not None:
            d_x = d_x[0] if layer.directions == 1 else d_x[0] + d_x[1]
        parameters = (gradients.w, gradients.u, gradients.b, gradients.c)
        return None, d_x, *map(torch.from_numpy, (*parameters, *d_initial))


def _final_states(out: Singles, texts: Texts) -> Tensor:
    """Forward, each text's last token; backward, its first. (directions, batch, hidden)"""
    outputs = torch.from_numpy(out)
    ends = [outputs[torch.from_numpy(texts.last), 0]]
    if out.shape[1] > 1:
        ends.append(outputs[: texts.batch, 1])
    return torch.stack(ends)


def _array(tensor: Tensor) -> Singles:
    """The same numbers as an array without gaps."""
    array: Singles = tensor.detach().contiguous().numpy()
    return array


def _optional_array(tensor: Tensor | None) -> Singles | None:
    return None if tensor is None else _array(tensor)


def _tensor(array: Singles | None) -> Tensor | None:
    return None if array is None else torch.from_numpy(array)


def _own(gradient: Tensor | None, like: Tensor) -> Singles:
    """A gradient in memory of its own; zeros where there is none."""
    own = torch.zeros_like(like) if gradient is None else gradient.clone()
    return _array(own)
