"""Everything that comes out of a recurrent layer, by name: values, states and every gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

LossOn = Literal["output", "final", "both"]
Results = dict[str, Tensor]
Run = Callable[[PackedSequence, Any], tuple[PackedSequence, Any]]


def layer_results(
    module: nn.RNNBase,
    packed: PackedSequence,
    states: tuple[Tensor, ...] = (),
    *,
    loss_on: LossOn = "both",
    run: Run | None = None,
) -> Results:
    """Results of `module` (or of `run`, which uses its parameters) under a fixed loss.

    The loss is a weighted sum, a weight of its own for every number, of the outputs, of the final
    states or of both. `states` are (), (h0,) or (h0, c0).
    """
    module.zero_grad()
    data = packed.data.detach().clone().requires_grad_()
    initial = tuple(state.detach().clone().requires_grad_() for state in states)
    given = initial if len(initial) == 2 else initial[0] if initial else None
    output, final = (run or module)(packed._replace(data=data), given)
    finals = final if isinstance(final, tuple) else (final,)
    of_loss = {"output": (output.data,), "final": finals, "both": (output.data, *finals)}
    torch.stack([_weighted_sum(values) for values in of_loss[loss_on]]).sum().backward()
    return {
        "output": output.data.detach(),
        **{f"layout.{name}": index for name, index in _layout(output).items()},
        **{f"final.{name}": end.detach() for name, end in zip("hc", finals, strict=False)},
        "gradient.input": _gradient(data),
        **{f"gradient.{name}0": _gradient(h) for name, h in zip("hc", initial, strict=False)},
        **{f"gradient.{name}": _gradient(p) for name, p in module.named_parameters()},
    }


def assert_same_results(actual: Results, expected: Results, tolerance: float) -> None:
    """The same names, and every tensor near its namesake."""
    assert actual.keys() == expected.keys()
    for name, values in expected.items():
        assert_near(actual[name], values, tolerance, name)


def assert_near(actual: Tensor, expected: Tensor, tolerance: float, name: str = "values") -> None:
    """No difference above `tolerance`, relative to the largest number where that is above 1."""
    assert actual.shape == expected.shape, name
    assert actual.dtype == expected.dtype, name
    actual, expected = actual.detach(), expected.detach()
    scale = max(1.0, float(expected.abs().max()))
    difference = float((actual - expected).abs().max())
    assert difference <= tolerance * scale, f"{name}: {difference:.2e} apart at scale {scale:.2e}"


def _layout(packed: PackedSequence) -> Results:
    indices = {"sorted": packed.sorted_indices, "unsorted": packed.unsorted_indices}
    given = {name: index for name, index in indices.items() if index is not None}
    return {"batch_sizes": packed.batch_sizes, **given}


def _weighted_sum(values: Tensor) -> Tensor:
    weights = torch.sin(torch.arange(values.numel(), dtype=values.dtype, device=values.device))
    return (weights.view_as(values) * values).sum()


def _gradient(leaf: Tensor) -> Tensor:
    """The gradient, zero where nothing flowed."""
    return torch.zeros_like(leaf) if leaf.grad is None else leaf.grad.clone()
