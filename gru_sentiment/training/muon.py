"""Muon: steps of equal size in every direction of a weight matrix.

The gradient of a recurrent layer's matrix lies almost in a few directions, and Adam, which
scales number by number, leaves it there. Muon (Jordan et al. 2024, "Muon: an optimizer for hidden
layers") moves a matrix by its momentum with all singular values made about 1.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.adamw import adamw

MOMENTUM = 0.95
NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
"""Of the quintic iteration: what Jordan et al. chose for its slope at 0, so that five rounds bring
singular values from 0.01 up near 1, between 0.7 and 1.2."""
ROUNDS = 5
RMS_OF_ADAM = 0.2
"""Root mean square of a step of Adam at a rate of 1, as training goes: with steps of this size
Muon takes Adam's learning rates and weight decay (Liu et al. 2025, equation 4)."""


class Muon(Optimizer):
    """Muon for matrices, AdamW (Loshchilov & Hutter 2019) for all else.

    `torch.optim.Muon` has no part for the rest and multiplies in bfloat16, which a CPU without
    AVX-512 does thirty times as slowly as float32.

    Args:
        groups: parameter groups as `matrix_groups` makes them.
        lr: of the groups without one.
    """

    def __init__(self, groups: Iterable[dict[str, Any]], lr: float) -> None:
        super().__init__(groups, {"lr": lr, "weight_decay": 0.0, "matrices": 0})

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:  # noqa: ARG002  # as torch declares it
        """Move every parameter that has a gradient."""
        for group in self.param_groups:
            moved = [p for p in group["params"] if p.grad is not None]
            if group["matrices"]:
                for parameter in moved:
                    self._move_matrices(parameter, group)
            elif moved:
                self._move_rest(moved, group)

    def _move_matrices(self, parameter: nn.Parameter, group: dict[str, Any]) -> None:
        gradient, state = parameter.grad, self.state[parameter]
        assert gradient is not None
        if not state:
            state["momentum"] = torch.zeros_like(parameter)
        momentum = state["momentum"].lerp_(gradient, 1 - MOMENTUM)
        ahead = gradient.lerp(momentum, MOMENTUM)  # Nesterov's
        parameter.mul_(1 - group["lr"] * group["weight_decay"])
        gates = group["matrices"]
        for matrix, direction in zip(parameter.chunk(gates), ahead.chunk(gates), strict=True):
            size = RMS_OF_ADAM * max(matrix.shape) ** 0.5
            matrix.add_(orthogonalised(direction), alpha=-group["lr"] * size)

    def _move_rest(self, parameters: list[nn.Parameter], group: dict[str, Any]) -> None:
        states = [self.state[parameter] for parameter in parameters]
        for parameter, state in zip(parameters, states, strict=True):
            if not state:
                state["step"] = torch.zeros((), dtype=torch.float32, device=parameter.device)
                state["exp_avg"] = torch.zeros_like(parameter)
                state["exp_avg_sq"] = torch.zeros_like(parameter)
        adamw(
            list(parameters),
            [parameter.grad for parameter in parameters if parameter.grad is not None],
            [state["exp_avg"] for state in states],
            [state["exp_avg_sq"] for state in states],
            [],
            [state["step"] for state in states],
            fused=True,
            amsgrad=False,
            beta1=0.9,
            beta2=0.999,
            lr=group["lr"],
            weight_decay=group["weight_decay"],
            eps=1e-8,
            maximize=False,
        )


def matrix_groups(model: nn.Module, groups: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Parameter groups, each split by how many matrices its weights hold, as `matrices`.

    A recurrent layer keeps the matrices of its gates one above another: each is one of its own.
    What is no matrix, a single row, or a table of word vectors has 0: AdamW moves it.
    """
    stacked = {
        parameter: parameter.shape[0] // module.hidden_size
        for module in model.modules()
        if isinstance(module, nn.RNNBase)
        for parameter in module.parameters(recurse=False)
    }
    tables = {module.weight for module in model.modules() if isinstance(module, nn.Embedding)}
    split = []
    for group in groups:
        by_matrices: dict[int, list[nn.Parameter]] = {}
        for parameter in group["params"]:
            is_matrix = parameter.ndim == 2 and min(parameter.shape) > 1
            matrices = stacked.get(parameter, 1) if is_matrix and parameter not in tables else 0
            by_matrices.setdefault(matrices, []).append(parameter)
        split += [
            {**group, "params": parameters, "matrices": matrices}
            for matrices, parameters in by_matrices.items()
        ]
    return split


def orthogonalised(matrix: Tensor) -> Tensor:
    """U f(S) V' of a matrix U S V', every value of f(S) near 1 unless it was near 0.

    Newton-Schulz iteration on the side with fewer rows: products alone, no decomposition.
    """
    tall = matrix.shape[0] > matrix.shape[1]
    x = (matrix.mT if tall else matrix).contiguous()
    x = x / (x.norm() + torch.finfo(x.dtype).tiny ** 0.5)
    a, b, c = NEWTON_SCHULZ
    for _ in range(ROUNDS):
        gram = x @ x.mT
        polynomial = torch.addmm(gram, gram, gram, beta=b, alpha=c)
        x = torch.addmm(x, polynomial, x, beta=a)
    return x.mT if tall else x
