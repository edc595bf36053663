"""One recurrent layer over packed words, with a hand-written back-propagation through time.

- Forward, the input product of all words is one matrix product; a step then adds the product with
  the recurrent weights and forms its gates, in place.
- Backward (Werbos 1990), whatever does not depend on the incoming gradient is computed for all
  steps at once; a step multiplies by it and by the recurrent weights; the weight gradients are one
  large product at the end.

Axes: (direction, tokens, hidden), the tokens in packed order, those of the second direction
mirrored within their texts. A step is a slice of the tokens, and since texts are sorted by length
the texts of a step are the first ones of the step before::

    tokens   a1 b1 c1 | a2 b2 c2 | a3          three steps, of 3, 3 and 1 texts
    before   h0 ..... | a1 b1 c1 | a2          where each finds its earlier state

All functions take the layout, whether to store what the backward pass needs, the input
(direction, tokens, input), the weights and biases stacked by direction, and the initial state(s)
(direction, batch, hidden); they return the outputs and the final state(s).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from gru_sentiment.models.packing import Layout
from gru_sentiment.models.products import matmul_dtype, multiply, prepare

Gradients = tuple[Tensor | None, ...]


def _steps(layout: Layout, *tensors: Tensor) -> Iterator[tuple[Any, ...]]:
    """(number of texts, views of the tensors) step by step; tensors (direction, tokens, ...)."""
    return zip(
        layout.sizes, *(torch.split(tensor, layout.sizes, dim=1) for tensor in tensors), strict=True
    )


def _steps_back(layout: Layout, gradient: Tensor, first: Tensor, *tensors: Tensor) -> list[Any]:
    """(views of the tensors..., of `gradient`, of it for the same texts a step earlier).

    The last step comes first. `first` is the gradient of the initial state: what the first step
    finds one step earlier.
    """
    gradients = torch.split(gradient, layout.sizes, dim=1)
    earlier = [
        before[:, :size] for before, size in zip([first, *gradients], layout.sizes, strict=False)
    ]
    views = [torch.split(tensor, layout.sizes, dim=1) for tensor in tensors]
    return list(zip(*views, gradients, earlier, strict=True))[::-1]


def _project(x: Tensor, weight: Tensor, bias: Tensor, dtype: torch.dtype) -> Tensor:
    """Input part of the gates of all words, (direction, tokens, gates)."""
    gates = x.new_empty(x.shape[0], x.shape[1], weight.shape[1])
    for d in range(len(x)):
        if dtype == x.dtype:
            torch.addmm(bias[d], x[d], weight[d].T, out=gates[d])
        else:
            # not `multiply`: no second tensor of all gates in float32
            gates[d].copy_(x[d].to(dtype) @ weight[d].T.to(dtype)).add_(bias[d])
    return gates


def _prepare(weights: Tensor, dtype: torch.dtype) -> Callable[[Tensor], Tensor]:
    """A function h -> h weight^T for each direction, (direction, texts, out)."""
    products = [prepare(weight, dtype) for weight in weights]
    if len(products) == 1:
        return lambda h: products[0](h[0]).unsqueeze(0)
    return lambda h: torch.stack([product(x) for product, x in zip(products, h, strict=True)])


def _previous(states: Tensor, initial: Tensor, layout: Layout) -> Tensor:
    """The state before every word, (direction, tokens, hidden)."""
    before = torch.empty_like(states)
    batch = initial.shape[1]
    before[:, :batch] = initial
    torch.index_select(states, 1, layout.previous, out=before[:, batch:])
    return before


def _incoming(d_out: Tensor | None, d_final: Tensor | None, out: Tensor, layout: Layout) -> Tensor:
    """Gradient that reaches every output from above, in memory of its own."""
    d_h = torch.zeros_like(out) if d_out is None else d_out.clone()
    return d_h if d_final is None else d_h.index_add_(1, layout.last, d_final)


def _outer(d_gates: Tensor, x: Tensor, dtype: torch.dtype) -> Tensor:
    """Weight gradient, (direction, gates, input): one product over all words a direction."""
    return torch.stack([multiply(d_gates[d].T, x[d], dtype) for d in range(len(x))])


def _input_gradients(ctx: Any, d_gates: Tensor, x: Tensor, w_ih: Tensor) -> Gradients:
    """Gradients of the input (where wanted), of its weights and of its biases."""
    dtype = ctx.matmul_dtype
    d_x = multiply(d_gates, w_ih, dtype) if ctx.needs_input_grad[2] else None
    return d_x, _outer(d_gates, x, dtype), d_gates.sum(1)


def _through_sigmoid(gradient: Tensor, y: Tensor, out: Tensor) -> None:
    """gradient * y (1 - y) into `out`, in one pass."""
    torch.ops.aten.sigmoid_backward.grad_input(gradient, y, grad_input=out)


def _through_tanh(gradient: Tensor, y: Tensor, out: Tensor) -> None:
    """gradient * (1 - y^2) into `out`, in one pass."""
    torch.ops.aten.tanh_backward.grad_input(gradient, y, grad_input=out)


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
        dtype = matmul_dtype(x)
        out, recurrent = _project(x, w_ih, b_ih + b_hh, dtype), _prepare(w_hh, dtype)
        h = h0
        for size, new in _steps(layout, out):
            h = activate(new.add_(recurrent(h[:, :size])))
        if store:
            ctx.set_materialize_grads(False)  # None, not zeros, of an output that nobody used
            ctx.layout, ctx.nonlinearity, ctx.matmul_dtype = layout, nonlinearity, dtype
            ctx.save_for_backward(x, w_ih, w_hh, h0, out)
        return out, out.index_select(1, layout.last)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_out: Tensor | None, d_final: Tensor | None) -> Gradients:
        x, w_ih, w_hh, h0, out = ctx.saved_tensors
        layout: Layout = ctx.layout
        d_h = _incoming(d_out, d_final, out, layout)
        slope = 1 - out * out if ctx.nonlinearity == "tanh" else (out > 0).to(out.dtype)
        d_h0, back = torch.zeros_like(h0), _prepare(w_hh.mT, ctx.matmul_dtype)
        for slope_t, d_t, d_earlier in _steps_back(layout, d_h, d_h0, slope):
            d_earlier.add_(back(d_t.mul_(slope_t)))
        d_w_hh = _outer(d_h, _previous(out, h0, layout), ctx.matmul_dtype)
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
        hidden, dtype = h0.shape[2], matmul_dtype(x)
        recurrent, c_n = _prepare(w_hh, dtype), b_hh[:, None, 2 * hidden :]
        b_rz = torch.cat([b_hh[:, : 2 * hidden], torch.zeros_like(b_hh[:, :hidden])], dim=1)
        gates = _project(x, w_ih, b_ih + b_rz, dtype)
        out = x.new_empty(*x.shape[:2], hidden)
        r_z, n = torch.split(gates, [2 * hidden, hidden], dim=2)
        inner = torch.empty_like(out) if store else None
        h, scratch = h0, torch.empty_like(h0)
        for t, (size, r_z_t, n_t, new) in enumerate(_steps(layout, r_z, n, out)):
            h = h[:, :size]
            product = recurrent(h)
            # Un h + cn is needed again backward, unless there is none
            u_n = scratch[:, :size] if inner is None else inner.narrow(1, layout.starts[t], size)
            torch.add(product[..., 2 * hidden :], c_n, out=u_n)
            r_z_t.add_(product[..., : 2 * hidden]).sigmoid_()
            n_t.addcmul_(r_z_t[..., :hidden], u_n).tanh_()
            h = torch.lerp(n_t, h, r_z_t[..., hidden:], out=new)
        if store:
            ctx.set_materialize_grads(False)  # None, not zeros, of an output that nobody used
            ctx.layout, ctx.matmul_dtype = layout, dtype
            ctx.save_for_backward(x, w_ih, w_hh, h0, gates, inner, out)
        return out, out.index_select(1, layout.last)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_out: Tensor | None, d_final: Tensor | None) -> Gradients:
        x, w_ih, w_hh, h0, gates, inner, out = ctx.saved_tensors
        layout: Layout = ctx.layout
        hidden = h0.shape[2]
        r, z, n = torch.split(gates, hidden, dim=2)
        h = _previous(out, h0, layout)
        d_h = _incoming(d_out, d_final, out, layout)
        # the factors that d_h is multiplied by to give the gradients of the gates, for all steps
        to_n = torch.rsub(z, 1)
        _through_tanh(to_n, n, out=to_n)
        d_gates = torch.empty_like(gates)
        d_r, d_z, d_n = torch.split(d_gates, hidden, dim=2)
        _through_sigmoid(torch.mul(to_n, inner, out=d_r), r, out=d_r)
        _through_sigmoid(torch.sub(h, n, out=d_z), z, out=d_z)
        torch.mul(to_n, r, out=d_n)
        d_h0, back = torch.zeros_like(h0), _prepare(w_hh.mT, ctx.matmul_dtype)
        by_gate = d_gates.view(*d_gates.shape[:2], 3, hidden)
        for gates_t, by_gate_t, z_t, d_t, d_earlier in _steps_back(
            layout, d_h, d_h0, d_gates, by_gate, z
        ):
            by_gate_t.mul_(d_t.unsqueeze(2))
            d_earlier.addcmul_(z_t, d_t).add_(back(gates_t))
        d_w_hh, d_b_hh = _outer(d_gates, h, ctx.matmul_dtype), d_gates.sum(1)
        # the input part of n is not behind the reset gate
        torch.mul(d_h, to_n, out=d_n)
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
        hidden, dtype = h0.shape[2], matmul_dtype(x)
        recurrent = _prepare(w_hh, dtype)
        gates = _project(x, w_ih, b_ih + b_hh, dtype)
        out = x.new_empty(*x.shape[:2], hidden)
        cells = torch.empty_like(out)
        i_f, g, o = torch.split(gates, [2 * hidden, hidden, hidden], dim=2)
        h, c = h0, c0
        for size, gate, i_f_t, g_t, o_t, cell, new in _steps(layout, gates, i_f, g, o, cells, out):
            gate.add_(recurrent(h[:, :size]))
            i_f_t.sigmoid_()
            g_t.tanh_()
            o_t.sigmoid_()
            c = torch.mul(i_f_t[..., hidden:], c[:, :size], out=cell)
            c.addcmul_(i_f_t[..., :hidden], g_t)
            h = torch.tanh(c, out=new).mul_(o_t)
        if store:
            ctx.set_materialize_grads(False)  # None, not zeros, of an output that nobody used
            ctx.layout, ctx.matmul_dtype = layout, dtype
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
        i, f, g, o = torch.split(gates, hidden, dim=2)
        d_h = _incoming(d_out, d_final, out, layout)
        c = _previous(cells, c0, layout)
        squashed = torch.tanh(cells)
        # the factors that d_c (for o: d_h) is multiplied by to give the gradients of the gates
        to_c = torch.empty_like(squashed)
        _through_tanh(o, squashed, out=to_c)
        d_gates = torch.empty_like(gates)
        d_i, d_f, d_g, d_o = torch.split(d_gates, hidden, dim=2)
        _through_sigmoid(g, i, out=d_i)
        _through_sigmoid(c, f, out=d_f)
        _through_tanh(i, g, out=d_g)
        _through_sigmoid(squashed, o, out=d_o)
        d_h0, back = torch.zeros_like(h0), _prepare(w_hh.mT, ctx.matmul_dtype)
        d_c = torch.zeros_like(c0) if d_cell is None else d_cell.clone()
        by_gate = d_gates.view(*d_gates.shape[:2], 4, hidden)
        for gates_t, by_gate_t, to_c_t, f_t, d_t, d_earlier in _steps_back(
            layout, d_h, d_h0, d_gates, by_gate, to_c, f
        ):
            d_c_t = d_c[:, : d_t.shape[1]].addcmul_(d_t, to_c_t)
            by_gate_t[:, :, :3].mul_(d_c_t.unsqueeze(2))
            by_gate_t[:, :, 3].mul_(d_t)
            d_c_t.mul_(f_t)
            d_earlier.add_(back(gates_t))
        d_w_hh = _outer(d_gates, _previous(out, h0, layout), ctx.matmul_dtype)
        d_x, d_w_ih, d_b = _input_gradients(ctx, d_gates, x, w_ih)
        return None, None, d_x, d_w_ih, d_w_hh, d_b, d_b, d_h0, d_c
