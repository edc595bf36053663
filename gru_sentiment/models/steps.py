"""What the cells share: packed tokens step by step, products with their weights, derivatives.

Axes: (direction, tokens, ...), the tokens in packed order; see `recurrence.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from gru_sentiment.models.matmul import matmul_in, prepare_weight
from gru_sentiment.models.packing import Layout

Gradients = tuple[Tensor | None, ...]


def steps(layout: Layout, *tensors: Tensor) -> Iterator[tuple[Any, ...]]:
    """(number of texts, views of the tensors) step by step; tensors (direction, tokens, ...)."""
    return zip(
        layout.sizes, *(torch.split(tensor, layout.sizes, dim=1) for tensor in tensors), strict=True
    )


def steps_back(layout: Layout, gradient: Tensor, first: Tensor, *tensors: Tensor) -> list[Any]:
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


def input_products(x: Tensor, weight: Tensor, bias: Tensor, dtype: torch.dtype) -> Tensor:
    """Input part of the gates of all tokens, (direction, tokens, gates)."""
    gates = x.new_empty(x.shape[0], x.shape[1], weight.shape[1])
    for d in range(len(x)):
        if dtype == x.dtype:
            torch.addmm(bias[d], x[d], weight[d].T, out=gates[d])
        else:
            # not `matmul_in`: no second tensor of all gates in float32
            gates[d].copy_(x[d].to(dtype) @ weight[d].T.to(dtype)).add_(bias[d])
    return gates


def recurrent_product(weights: Tensor, dtype: torch.dtype) -> Callable[[Tensor], Tensor]:
    """A function h -> h weight^T for each direction, (direction, texts, out)."""
    products = [prepare_weight(weight, dtype) for weight in weights]
    if len(products) == 1:
        return lambda h: products[0](h[0]).unsqueeze(0)
    return lambda h: torch.stack([product(x) for product, x in zip(products, h, strict=True)])


def states_before(states: Tensor, initial: Tensor, layout: Layout) -> Tensor:
    """The state before every token, (direction, tokens, hidden)."""
    before = torch.empty_like(states)
    batch = initial.shape[1]
    before[:, :batch] = initial
    torch.index_select(states, 1, layout.previous, out=before[:, batch:])
    return before


def incoming_gradient(
    d_out: Tensor | None, d_final: Tensor | None, out: Tensor, layout: Layout
) -> Tensor:
    """Gradient that reaches every output from above, in memory of its own."""
    d_h = torch.zeros_like(out) if d_out is None else d_out.clone()
    return d_h if d_final is None else d_h.index_add_(1, layout.last, d_final)


def weight_gradient(d_gates: Tensor, x: Tensor, dtype: torch.dtype) -> Tensor:
    """Weight gradient, (direction, gates, input): one product over all tokens, per direction."""
    return torch.stack([matmul_in(d_gates[d].T, x[d], dtype) for d in range(len(x))])


def input_gradients(ctx: Any, d_gates: Tensor, x: Tensor, w_ih: Tensor) -> Gradients:
    """Gradients of the input (where wanted), of its weights and of its biases."""
    dtype = ctx.matmul_dtype
    d_x = matmul_in(d_gates, w_ih, dtype) if ctx.needs_input_grad[2] else None
    return d_x, weight_gradient(d_gates, x, dtype), d_gates.sum(1)


def through_sigmoid(gradient: Tensor, y: Tensor, out: Tensor) -> None:
    """gradient * y (1 - y) into `out`, in one pass."""
    torch.ops.aten.sigmoid_backward.grad_input(gradient, y, grad_input=out)


def through_tanh(gradient: Tensor, y: Tensor, out: Tensor) -> None:
    """gradient * (1 - y^2) into `out`, in one pass."""
    torch.ops.aten.tanh_backward.grad_input(gradient, y, grad_input=out)
