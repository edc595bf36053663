"""One recurrent layer over packed words, with a hand-written back-propagation through time.

- Forward, the input product of all words is one matrix product; a step then adds the product with
  the recurrent weights and forms its gates, in place.
- Backward (Werbos 1990), whatever does not depend on the incoming gradient is computed for all
  steps at once; a step multiplies by it and by the recurrent weights; the weight gradients are one
  large product at the end.

Axes: (direction, tokens, hidden), the tokens in packed order, those of the second direction
mirrored within their texts. A step is a slice of the tokens; texts are sorted by length, so the
texts of a step are the first ones of the step before::

    tokens   a1 b1 c1 | a2 b2 c2 | a3          a step     its slice
    before   h0 ..... | a1 b1 c1 | a2          before     the same texts one step earlier

All functions take the layout, whether to store what the backward pass needs, the input
(direction, tokens, input), the weights and biases stacked by direction, and the initial state(s)
(direction, batch, hidden); they return the outputs and the final state(s).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from gru_sentiment.models.packing import Layout

Gradients = tuple[Tensor | None, ...]


def _steps(layout: Layout) -> list[tuple[slice, slice | None, int]]:
    """(this step, the same texts one step earlier or None at the first, number of texts)."""
    steps: list[tuple[slice, slice | None, int]] = []
    for t, (start, size) in enumerate(zip(layout.starts, layout.sizes, strict=True)):
        earlier = slice(layout.starts[t - 1], layout.starts[t - 1] + size) if t else None
        steps.append((slice(start, start + size), earlier, size))
    return steps


def _project(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Input part of the gates of all words, (direction, tokens, gates)."""
    gates = x.new_empty(x.shape[0], x.shape[1], weight.shape[1])
    for d in range(len(x)):
        torch.addmm(bias[d], x[d], weight[d].T, out=gates[d])
    return gates


def _previous(states: Tensor, initial: Tensor, layout: Layout) -> Tensor:
    """The state before every word, (direction, tokens, hidden)."""
    return torch.cat([initial, states.index_select(1, layout.previous)], dim=1)


def _incoming(d_out: Tensor | None, d_final: Tensor | None, out: Tensor, layout: Layout) -> Tensor:
    """Gradient that reaches every output from above, in memory of its own."""
    d_h = torch.zeros_like(out) if d_out is None else d_out.clone()
    return d_h if d_final is None else d_h.index_add_(1, layout.last, d_final)


def _outer(d_gates: Tensor, x: Tensor) -> Tensor:
    """Weight gradient, (direction, gates, input): one product over all words a direction."""
    return torch.stack([d_gates[d].T @ x[d] for d in range(len(x))])


def _input_gradients(ctx: Any, d_gates: Tensor, x: Tensor, w_ih: Tensor) -> Gradients:
    """Gradients of the input (where wanted), of its weights and of its biases."""
    d_x = torch.bmm(d_gates, w_ih) if ctx.needs_input_grad[2] else None
    return d_x, _outer(d_gates, x), d_gates.sum(1)


class RNNRecurrence(Function):
    """h' = f(W x + b + U h + c), f tanh or relu (Elman 1990)."""

    @staticmethod
    def forward(
        ctx: Any,
        layout: Layout,
        store: bool,
        x: Tensor,
        w_ih: Tensor,
        w_hh: Tensor,
        b_ih: Tensor,
        b_hh: Tensor,
        h0: Tensor,
        nonlinearity: str,
    ) -> tuple[Tensor, Tensor]:
        activate = {"tanh": torch.tanh_, "relu": torch.relu_}[nonlinearity]
        out, recurrent = _project(x, w_ih, b_ih + b_hh), w_hh.mT
        for step, earlier, _ in _steps(layout):
            h = h0 if earlier is None else out[:, earlier]
            activate(out[:, step].baddbmm_(h, recurrent))
        if store:
            ctx.layout, ctx.nonlinearity = layout, nonlinearity
            ctx.save_for_backward(x, w_ih, w_hh, h0, out)
        return out, out.index_select(1, layout.last)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_out: Tensor | None, d_final: Tensor | None) -> Gradients:
        x, w_ih, w_hh, h0, out = ctx.saved_tensors
        layout: Layout = ctx.layout
        d_h = _incoming(d_out, d_final, out, layout)
        slope = 1 - out * out if ctx.nonlinearity == "tanh" else (out > 0).to(out.dtype)
        d_h0 = torch.zeros_like(h0)
        for step, earlier, _ in reversed(_steps(layout)):
            d_gate = d_h[:, step].mul_(slope[:, step])
            d_earlier = d_h0 if earlier is None else d_h[:, earlier]
            d_earlier.baddbmm_(d_gate, w_hh)
        d_w_hh = _outer(d_h, _previous(out, h0, layout))
        d_x, d_w_ih, d_b = _input_gradients(ctx, d_h, x, w_ih)
        return None, None, d_x, d_w_ih, d_w_hh, d_b, d_b, d_h0, None


class GRURecurrence(Function):
    """Cho et al. 2014, with the reset gate after the product as in cuDNN::

    r = s(Wr x + br + Ur h + cr)
    z = s(Wz x + bz + Uz h + cz)
    n = tanh(Wn x + bn + r (Un h + cn))
    h' = (1 - z) n + z h
    """

    @staticmethod
    def forward(
        ctx: Any,
        layout: Layout,
        store: bool,
        x: Tensor,
        w_ih: Tensor,
        w_hh: Tensor,
        b_ih: Tensor,
        b_hh: Tensor,
        h0: Tensor,
    ) -> tuple[Tensor, Tensor]:
        hidden, recurrent, c_n = h0.shape[2], w_hh.mT, b_hh[:, None, -h0.shape[2] :]
        b_rz = torch.cat([b_hh[:, : 2 * hidden], torch.zeros_like(b_hh[:, :hidden])], dim=1)
        gates = _project(x, w_ih, b_ih + b_rz)
        out = x.new_empty(*x.shape[:2], hidden)
        inner = torch.empty_like(out) if store else torch.empty_like(h0)
        for step, earlier, size in _steps(layout):
            h = h0 if earlier is None else out[:, earlier]
            product, gate = torch.bmm(h, recurrent), gates[:, step]
            u_n = inner[:, step] if store else inner[:, :size]
            torch.add(product[..., 2 * hidden :], c_n, out=u_n)
            r_z = gate[..., : 2 * hidden].add_(product[..., : 2 * hidden]).sigmoid_()
            n = gate[..., 2 * hidden :].addcmul_(r_z[..., :hidden], u_n).tanh_()
            torch.lerp(n, h, r_z[..., hidden:], out=out[:, step])
        if store:
            ctx.layout = layout
            ctx.save_for_backward(x, w_ih, w_hh, h0, gates, inner, out)
        return out, out.index_select(1, layout.last)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_out: Tensor | None, d_final: Tensor | None) -> Gradients:
        x, w_ih, w_hh, h0, gates, inner, out = ctx.saved_tensors
        layout: Layout = ctx.layout
        hidden = h0.shape[2]
        r, z, n = gates.split(hidden, dim=2)
        h = _previous(out, h0, layout)
        d_h = _incoming(d_out, d_final, out, layout)
        to_n = (1 - z) * (1 - n * n)
        d_gates = torch.cat([to_n * inner * r * (1 - r), (h - n) * z * (1 - z), to_n * r], dim=2)
        by_gate, d_h0 = d_gates.view(*d_gates.shape[:2], 3, hidden), torch.zeros_like(h0)
        for step, earlier, _ in reversed(_steps(layout)):
            d_step = d_h[:, step]
            by_gate[:, step].mul_(d_step.unsqueeze(2))
            d_earlier = d_h0 if earlier is None else d_h[:, earlier]
            d_earlier.addcmul_(z[:, step], d_step).baddbmm_(d_gates[:, step], w_hh)
        d_w_hh, d_b_hh = _outer(d_gates, h), d_gates.sum(1)
        # the input part of n is not behind the reset gate
        torch.mul(d_h, to_n, out=d_gates[..., 2 * hidden :])
        d_x, d_w_ih, d_b_ih = _input_gradients(ctx, d_gates, x, w_ih)
        return None, None, d_x, d_w_ih, d_w_hh, d_b_ih, d_b_hh, d_h0


class LSTMRecurrence(Function):
    """Hochreiter & Schmidhuber 1997 with the forget gate of Gers et al. 2000::

        i, f, o = s(W x + b + U h + c)   each with weights of its own
        g = tanh(Wg x + bg + Ug h + cg)
        c' = f c + i g
        h' = o tanh(c')

    The rows of the weights hold i, f, g and o in this order.
    """

    @staticmethod
    def forward(
        ctx: Any,
        layout: Layout,
        store: bool,
        x: Tensor,
        w_ih: Tensor,
        w_hh: Tensor,
        b_ih: Tensor,
        b_hh: Tensor,
        h0: Tensor,
        c0: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        hidden, recurrent = h0.shape[2], w_hh.mT
        gates = _project(x, w_ih, b_ih + b_hh)
        out = x.new_empty(*x.shape[:2], hidden)
        cells = torch.empty_like(out)
        for step, earlier, _ in _steps(layout):
            h, c = (h0, c0) if earlier is None else (out[:, earlier], cells[:, earlier])
            gate = gates[:, step].baddbmm_(h, recurrent)
            i_f = gate[..., : 2 * hidden].sigmoid_()
            g = gate[..., 2 * hidden : 3 * hidden].tanh_()
            o = gate[..., 3 * hidden :].sigmoid_()
            cell = torch.mul(i_f[..., hidden:], c, out=cells[:, step])
            cell.addcmul_(i_f[..., :hidden], g)
            torch.tanh(cell, out=out[:, step]).mul_(o)
        if store:
            ctx.layout = layout
            ctx.save_for_backward(x, w_ih, w_hh, h0, c0, gates, cells, out)
        return out, out.index_select(1, layout.last), cells.index_select(1, layout.last)

    @staticmethod
    @once_differentiable
    def backward(
        ctx: Any, d_out: Tensor | None, d_final: Tensor | None, d_cell: Tensor | None
    ) -> Gradients:
        x, w_ih, w_hh, h0, c0, gates, cells, out = ctx.saved_tensors
        layout: Layout = ctx.layout
        hidden = h0.shape[2]
        i, f, g, o = gates.split(hidden, dim=2)
        d_h = _incoming(d_out, d_final, out, layout)
        squashed = torch.tanh(cells)
        to_cell = o * (1 - squashed * squashed)
        c = _previous(cells, c0, layout)
        d_gates = torch.cat(
            [g * i * (1 - i), c * f * (1 - f), i * (1 - g * g), squashed * o * (1 - o)], dim=2
        )
        by_gate, d_h0 = d_gates.view(*d_gates.shape[:2], 4, hidden), torch.zeros_like(h0)
        d_c = torch.zeros_like(c0) if d_cell is None else d_cell.clone()
        for step, earlier, size in reversed(_steps(layout)):
            d_step, d_c_step = d_h[:, step], d_c[:, :size]
            d_c_step.addcmul_(d_step, to_cell[:, step])
            by_gate[:, step, :3].mul_(d_c_step.unsqueeze(2))
            by_gate[:, step, 3].mul_(d_step)
            d_c_step.mul_(f[:, step])
            d_earlier = d_h0 if earlier is None else d_h[:, earlier]
            d_earlier.baddbmm_(d_gates[:, step], w_hh)
        d_w_hh = _outer(d_gates, _previous(out, h0, layout))
        d_x, d_w_ih, d_b = _input_gradients(ctx, d_gates, x, w_ih)
        return None, None, d_x, d_w_ih, d_w_hh, d_b, d_b, d_h0, d_c
