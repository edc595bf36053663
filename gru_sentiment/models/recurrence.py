"""One recurrent layer over packed tokens, with a hand-written back-propagation through time.

- Forward: the input products W x of all tokens are one matrix product. A step then adds the
  product U h with the recurrent weights and forms its gates, in place.
- Backward (Werbos 1990): every factor that does not depend on the incoming gradient is computed
  for all steps at once. A step multiplies its gradient by these factors and by U^T. The weight
  gradients are one large product at the end.

Axes: (direction, tokens, hidden), the tokens in packed order, those of the second direction
mirrored within their texts. A step is a slice of the tokens, and since texts are sorted by length
the texts of a step are the first ones of the step before::

    tokens   a1 b1 c1 | a2 b2 c2 | a3          three steps, of 3, 3 and 1 texts
    before   h0 ..... | a1 b1 c1 | a2          the earlier state of each token

The backward pass of every cell has the same frame. Let h be the state before a step and h' the one
after it, a_k = Wk x + bk + Uk h + ck the input of gate k, and d_y the gradient of the loss with
respect to y. From the last step to the first::

    d_h'   what reaches h' from above, plus d_h of the step after
    d_a_k  = d_h' times the derivative of h' with respect to a_k       (each cell says which)
    d_h    = sum_k Uk^T d_a_k, plus what reaches h directly

and with all d_a_k at hand, summed over the tokens::

    d_Wk = sum d_a_k x^T      d_Uk = sum d_a_k h^T      d_bk = d_ck = sum d_a_k
    d_x  = sum_k Wk^T d_a_k

Below, s is the logistic function with s'(a) = s(a) (1 - s(a)), and tanh'(a) = 1 - tanh(a)^2; both
derivatives are computed from the value of the function.

All functions take the layout, whether to store what the backward pass needs, the input
(direction, tokens, input), the weights and biases stacked by direction, and the initial state(s)
(direction, batch, hidden). They return the outputs (direction, tokens, hidden) and the final
state(s) (direction, batch, hidden).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from gru_sentiment.models.matmul import matmul_dtype
from gru_sentiment.models.packing import Layout
from gru_sentiment.models.steps import (
    Gradients,
    incoming_gradient,
    input_gradients,
    input_products,
    recurrent_product,
    states_before,
    steps,
    steps_back,
    through_sigmoid,
    through_tanh,
    weight_gradient,
)


class RNNRecurrence(Function):
    """Elman 1990, with f tanh or relu::

        h' = f(a)             a = W x + b + U h + c

    Backward::

        d_a = d_h' f'(a)      f' = 1 - h'^2 for tanh; 1 where h' > 0, else 0, for relu
        d_h = U^T d_a
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
        nonlinearity: str,
    ) -> tuple[Tensor, Tensor]:
        activate = {"tanh": torch.tanh_, "relu": torch.relu_}[nonlinearity]
        dtype = matmul_dtype(x)
        out, recurrent = input_products(x, w_ih, b_ih + b_hh, dtype), recurrent_product(w_hh, dtype)
        h = h0
        for size, new in steps(layout, out):
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
        d_h = incoming_gradient(d_out, d_final, out, layout)
        # f'(a) of all steps
        slope = 1 - out * out if ctx.nonlinearity == "tanh" else (out > 0).to(out.dtype)
        d_h0, back = torch.zeros_like(h0), recurrent_product(w_hh.mT, ctx.matmul_dtype)
        for slope_t, d_t, d_earlier in steps_back(layout, d_h, d_h0, slope):
            # d_a = d_h' f'(a), where d_h' stood; then d_h = U^T d_a
            d_earlier.add_(back(d_t.mul_(slope_t)))
        d_w_hh = weight_gradient(d_h, states_before(out, h0, layout), ctx.matmul_dtype)
        d_x, d_w_ih, d_b = input_gradients(ctx, d_h, x, w_ih)
        return None, None, d_x, d_w_ih, d_w_hh, d_b, d_b, d_h0, None


class GRURecurrence(Function):
    """Cho et al. 2014, with the reset gate after the product as in cuDNN::

        r = s(a_r)             a_r = Wr x + br + Ur h + cr
        z = s(a_z)             a_z = Wz x + bz + Uz h + cz
        u = Un h + cn
        n = tanh(a_n)          a_n = Wn x + bn + r u
        h' = (1 - z) n + z h

    Backward::

        d_a_n = d_h' (1 - z) (1 - n^2)
        d_u   = d_a_n r
        d_a_r = d_a_n u r (1 - r)
        d_a_z = d_h' (h - n) z (1 - z)
        d_h   = d_h' z + Ur^T d_a_r + Uz^T d_a_z + Un^T d_u

    The reset gate stands between a_n and u: Wn and bn have the gradient d_a_n, Un and cn have d_u.
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
        recurrent, c_n = recurrent_product(w_hh, dtype), b_hh[:, None, 2 * hidden :]
        b_rz = torch.cat([b_hh[:, : 2 * hidden], torch.zeros_like(b_hh[:, :hidden])], dim=1)
        gates = input_products(x, w_ih, b_ih + b_rz, dtype)
        out = x.new_empty(*x.shape[:2], hidden)
        r_z, n = torch.split(gates, [2 * hidden, hidden], dim=2)
        inner = torch.empty_like(out) if store else None
        h, scratch = h0, torch.empty_like(h0)
        for t, (size, r_z_t, n_t, new) in enumerate(steps(layout, r_z, n, out)):
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
        h = states_before(out, h0, layout)
        d_h = incoming_gradient(d_out, d_final, out, layout)
        # for all steps, the factors that d_h' is multiplied by to give d_a_r, d_a_z and d_u
        to_n = torch.rsub(z, 1)
        through_tanh(to_n, n, out=to_n)  # (1 - z) (1 - n^2)
        d_gates = torch.empty_like(gates)
        d_r, d_z, d_u = torch.split(d_gates, hidden, dim=2)
        through_sigmoid(torch.mul(to_n, inner, out=d_r), r, out=d_r)  # to_n u r (1 - r)
        through_sigmoid(torch.sub(h, n, out=d_z), z, out=d_z)  # (h - n) z (1 - z)
        torch.mul(to_n, r, out=d_u)  # to_n r
        d_h0, back = torch.zeros_like(h0), recurrent_product(w_hh.mT, ctx.matmul_dtype)
        by_gate = d_gates.view(*d_gates.shape[:2], 3, hidden)
        for gates_t, by_gate_t, z_t, d_t, d_earlier in steps_back(
            layout, d_h, d_h0, d_gates, by_gate, z
        ):
            by_gate_t.mul_(d_t.unsqueeze(2))
            # d_h = d_h' z + U^T (d_a_r, d_a_z, d_u)
            d_earlier.addcmul_(z_t, d_t).add_(back(gates_t))
        d_w_hh, d_b_hh = weight_gradient(d_gates, h, ctx.matmul_dtype), d_gates.sum(1)
        # the input part of n is not behind the reset gate: d_a_n in the place of d_u
        torch.mul(d_h, to_n, out=d_u)
        d_x, d_w_ih, d_b_ih = input_gradients(ctx, d_gates, x, w_ih)
        return None, None, d_x, d_w_ih, d_w_hh, d_b_ih, d_b_hh, d_h0


class LSTMRecurrence(Function):
    """Hochreiter & Schmidhuber 1997 with the forget gate of Gers et al. 2000::

        i = s(a_i)    f = s(a_f)    o = s(a_o)    g = tanh(a_g)
        c' = f c + i g
        h' = o tanh(c')

    where a_k = Wk x + bk + Uk h + ck (the bias ck, not the cell c). The rows of the weights hold
    i, f, g and o in this order. Backward, with d_c' first what reaches c' from the step after::

        d_c'  = d_c' + d_h' o (1 - tanh(c')^2)
        d_a_i = d_c' g i (1 - i)
        d_a_f = d_c' c f (1 - f)
        d_a_g = d_c' i (1 - g^2)
        d_a_o = d_h' tanh(c') o (1 - o)
        d_c   = d_c' f
        d_h   = sum_k Uk^T d_a_k
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
        recurrent = recurrent_product(w_hh, dtype)
        gates = input_products(x, w_ih, b_ih + b_hh, dtype)
        out = x.new_empty(*x.shape[:2], hidden)
        cells = torch.empty_like(out)
        i_f, g, o = torch.split(gates, [2 * hidden, hidden, hidden], dim=2)
        h, c = h0, c0
        for size, gate, i_f_t, g_t, o_t, cell, new in steps(layout, gates, i_f, g, o, cells, out):
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
        d_h = incoming_gradient(d_out, d_final, out, layout)
        c = states_before(cells, c0, layout)
        squashed = torch.tanh(cells)
        to_c = torch.empty_like(squashed)
        through_tanh(o, squashed, out=to_c)  # o (1 - tanh(c')^2)
        # for all steps, the factors that d_c' (for o: d_h') is multiplied by to give the d_a_k
        d_gates = torch.empty_like(gates)
        d_i, d_f, d_g, d_o = torch.split(d_gates, hidden, dim=2)
        through_sigmoid(g, i, out=d_i)  # g i (1 - i)
        through_sigmoid(c, f, out=d_f)  # c f (1 - f)
        through_tanh(i, g, out=d_g)  # i (1 - g^2)
        through_sigmoid(squashed, o, out=d_o)  # tanh(c') o (1 - o)
        d_h0, back = torch.zeros_like(h0), recurrent_product(w_hh.mT, ctx.matmul_dtype)
        d_c = torch.zeros_like(c0) if d_cell is None else d_cell.clone()
        by_gate = d_gates.view(*d_gates.shape[:2], 4, hidden)
        for gates_t, by_gate_t, to_c_t, f_t, d_t, d_earlier in steps_back(
            layout, d_h, d_h0, d_gates, by_gate, to_c, f
        ):
            d_c_t = d_c[:, : d_t.shape[1]].addcmul_(d_t, to_c_t)
            by_gate_t[:, :, :3].mul_(d_c_t.unsqueeze(2))
            by_gate_t[:, :, 3].mul_(d_t)
            d_c_t.mul_(f_t)  # d_c = d_c' f
            d_earlier.add_(back(gates_t))  # d_h = U^T (d_a_i, d_a_f, d_a_g, d_a_o)
        d_w_hh = weight_gradient(d_gates, states_before(out, h0, layout), ctx.matmul_dtype)
        d_x, d_w_ih, d_b = input_gradients(ctx, d_gates, x, w_ih)
        return None, None, d_x, d_w_ih, d_w_hh, d_b, d_b, d_h0, d_c
