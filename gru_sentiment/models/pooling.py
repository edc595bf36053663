"""From the outputs of every token to one vector a text, over its true length.

The packed outputs are reduced where they lie: nothing is unpacked, so no padding exists that could
change a result. Every pooling takes the packed outputs (tokens, width) and the final state
(batch, width), and returns (batch, width), in float32 or more: a sum in bfloat16 stops growing at
256, so that means and attention weights over a long text would come out wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd import Function
from torch.autograd.function import once_differentiable
from torch.nn.utils.rnn import PackedSequence

from gru_sentiment.models.packing import Layout


class LastPooling(nn.Module):
    """The final state: forward after the last token, backward after the first.

    Taking the output at the last position instead would give the backward direction only one
    token to look at.
    """

    def __init__(self, _width: int) -> None:
        super().__init__()

    def forward(self, data: Tensor, layout: Layout, final: Tensor) -> Tensor:  # noqa: ARG002
        """The final state as it is."""
        return final


class MeanPooling(nn.Module):
    """Mean of the outputs of a text's tokens."""

    def __init__(self, _width: int) -> None:
        super().__init__()

    def forward(self, data: Tensor, layout: Layout, final: Tensor) -> Tensor:
        """Sum over each text divided by its length."""
        total = torch.zeros_like(final, dtype=data.dtype).index_add(0, layout.text_of, data)
        return total / layout.lengths.unsqueeze(1)


class MaxPooling(nn.Module):
    """Largest output of a text's tokens, in every coordinate (Collobert & Weston 2008)."""

    def __init__(self, _width: int) -> None:
        super().__init__()

    def forward(self, data: Tensor, layout: Layout, final: Tensor) -> Tensor:  # noqa: ARG002
        """Maximum over each text."""
        if data.device.type != "cpu":
            return _maximum(data, layout)
        pooled: Tensor = _Maximum.apply(data, layout)  # type: ignore[no-untyped-call]
        return pooled


def _maximum(data: Tensor, layout: Layout) -> Tensor:
    index = layout.text_of.unsqueeze(1).expand_as(data)
    empty = data.new_zeros(layout.sizes[0], data.shape[1])
    return empty.scatter_reduce(0, index, data, "amax", include_self=False)


class _Maximum(Function):
    """Maximum over each text. Tokens that share it share its gradient, as with `scatter_reduce`.

    Only the backward pass is our own: a few small operations a step, where texts are rows of one
    block, cost a third of torch's gathers over all tokens.
    """

    @staticmethod
    def forward(ctx: Any, data: Tensor, layout: Layout) -> Tensor:
        top = _maximum(data, layout)
        ctx.layout = layout
        ctx.save_for_backward(data, top)
        return top

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_top: Tensor) -> tuple[Tensor, None]:
        data, top = ctx.saved_tensors
        d_data, winners = torch.empty_like(data), torch.zeros_like(top)
        tokens, shares = torch.split(data, ctx.layout.sizes), torch.split(d_data, ctx.layout.sizes)
        for token, share in zip(tokens, shares, strict=True):
            torch.eq(token, top[: len(token)], out=share)
            winners[: len(token)].add_(share)
        d_winner = d_top / winners
        for share in shares:
            share.mul_(d_winner[: len(share)])
        return d_data, None


class AttentionPooling(nn.Module):
    """Mean weighted by softmax(v . tanh(W h)) within each text (Yang et al. 2016, eq. 5 to 7)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.project = nn.Linear(width, width)
        self.score = nn.Linear(width, 1, bias=False)

    def forward(self, data: Tensor, layout: Layout, final: Tensor) -> Tensor:
        """Attention-weighted sum over each text."""
        projected = self.project(data).to(data.dtype)  # the one product that autocast may round
        with torch.autocast(data.device.type, enabled=False):
            scores = self.score(torch.tanh(projected)).squeeze(1)
        per_text = scores.new_zeros(len(final))
        top = per_text.scatter_reduce(
            0, layout.text_of, scores.detach(), "amax", include_self=False
        )
        weights = torch.exp(scores - top[layout.text_of])
        total = per_text.index_add(0, layout.text_of, weights)
        weights = weights / total[layout.text_of]
        empty = torch.zeros_like(final, dtype=data.dtype)
        return empty.index_add(0, layout.text_of, weights.unsqueeze(1) * data)


POOLINGS: dict[str, type[nn.Module]] = {
    "last": LastPooling,
    "mean": MeanPooling,
    "max": MaxPooling,
    "attention": AttentionPooling,
}


class Pooling(nn.Module):
    """One or several poolings side by side: (batch, width x poolings)."""

    def __init__(self, names: Sequence[str], width: int) -> None:
        super().__init__()
        self.parts = nn.ModuleDict({name: POOLINGS[name](width) for name in names})
        self.width = width * len(self.parts)

    def forward(self, outputs: PackedSequence, final: Tensor) -> Tensor:
        """Packed outputs (tokens, width) and final state (batch, width) to (batch, self.width).

        The result has float32's precision at least, whatever type the outputs have.
        """
        data, final = _at_least_float32(outputs.data), _at_least_float32(final)
        layout = Layout.of(outputs.batch_sizes, data.device)
        return torch.cat([part(data, layout, final) for part in self.parts.values()], dim=1)


def _at_least_float32(x: Tensor) -> Tensor:
    return x.to(torch.promote_types(x.dtype, torch.float32))
