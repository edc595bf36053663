"""Muon against a singular value decomposition, by gate, and beside AdamW."""

from __future__ import annotations

import math
from copy import deepcopy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from gru_sentiment.training.muon import MOMENTUM, RMS_OF_ADAM, Muon, matrix_groups, orthogonalised
from gru_sentiment.training.optimizers import make_optimizer

RATE = 0.1


class Network(nn.Module):
    """Word vectors, a GRU of two directions, a hidden layer, and one logit."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(5, 6)
        self.recurrent = nn.GRU(6, 4, bidirectional=True)
        self.hidden = nn.Linear(8, 3)
        self.head = nn.Linear(3, 1)


def muon(model: nn.Module, rate: float = RATE, decay: float = 0.0) -> Muon:
    optimizer = make_optimizer(model, "muon", learning_rate=rate, weight_decay=decay)
    assert isinstance(optimizer, Muon)
    return optimizer


@settings(deadline=None, max_examples=40)
@given(
    rows=st.integers(2, 20),
    columns=st.integers(2, 20),
    scale=st.sampled_from([1e-6, 1.0, 1e6]),
    seed=st.integers(0, 99),
)
def test_singular_values_become_one_and_vectors_stay(
    rows: int, columns: int, scale: float, seed: int
) -> None:
    generator = torch.Generator().manual_seed(seed)
    rank = min(rows, columns)
    left = torch.linalg.qr(torch.randn(rows, rank, generator=generator)).Q
    right = torch.linalg.qr(torch.randn(columns, rank, generator=generator)).Q
    values = torch.rand(rank, generator=generator) * 0.9 + 0.1  # no more than ten times apart
    result = orthogonalised(scale * left @ values.diag() @ right.T)
    assert result.shape == (rows, columns)
    middle = left.T @ result @ right
    assert torch.all((middle.diag() > 0.6) & (middle.diag() < 1.3))
    torch.testing.assert_close(middle, middle.diag().diag(), atol=1e-3, rtol=0)
    torch.testing.assert_close(left @ middle @ right.T, result, atol=1e-3, rtol=0)


@pytest.mark.parametrize("shape", [(3, 5), (5, 3)])
def test_nothing_stays_nothing(shape: tuple[int, int]) -> None:
    assert torch.equal(orthogonalised(torch.zeros(shape)), torch.zeros(shape))


def test_groups_by_matrices() -> None:
    model = Network()
    groups = matrix_groups(model, [{"params": list(model.parameters()), "lr": 1.0}])
    matrices = {p: group["matrices"] for group in groups for p in group["params"]}
    assert {name: matrices[p] for name, p in model.named_parameters() if matrices[p]} == {
        "recurrent.weight_ih_l0": 3,
        "recurrent.weight_hh_l0": 3,
        "recurrent.weight_ih_l0_reverse": 3,
        "recurrent.weight_hh_l0_reverse": 3,
        "hidden.weight": 1,
    }
    assert len(matrices) == len(list(model.parameters()))
    assert all(group["lr"] == 1.0 for group in groups)


def test_a_gate_moves_as_far_whatever_the_others_do() -> None:
    """Each gate's matrix by itself: one with a gradient a million times as small moves as far."""
    torch.manual_seed(0)
    model = nn.GRU(6, 4)
    optimizer = muon(model)
    weight = dict(model.named_parameters())["weight_hh_l0"]
    before = weight.detach().clone()
    gradient = torch.randn(12, 4)
    gradient[:4] *= 1e-6
    weight.grad = gradient
    optimizer.step()
    moved = (before - weight.detach()).chunk(3)
    expected = RATE * RMS_OF_ADAM * math.sqrt(4)
    for gate, direction in zip(moved, gradient.chunk(3), strict=True):
        values = torch.linalg.svdvals(gate) / expected
        assert torch.all((values > 0.2) & (values < 1.3))
        assert (gate * direction).sum() > 0


def test_momentum_looks_ahead() -> None:
    """Nesterov's: of gradients g then 0, the second step goes along 0.95 times the momentum."""
    torch.manual_seed(0)
    model = nn.Linear(4, 4, bias=False)
    optimizer = muon(model)
    gradient = torch.randn(4, 4)
    model.weight.grad = gradient.clone()
    optimizer.step()
    momentum = optimizer.state[model.weight]["momentum"]
    torch.testing.assert_close(momentum, (1 - MOMENTUM) * gradient)
    before = model.weight.detach().clone()
    other = torch.randn(4, 4)
    model.weight.grad = other.clone()
    optimizer.step()
    held = MOMENTUM * (1 - MOMENTUM) * gradient + (1 - MOMENTUM) * other
    torch.testing.assert_close(optimizer.state[model.weight]["momentum"], held)
    ahead = (1 - MOMENTUM) * other + MOMENTUM * held
    step = RATE * RMS_OF_ADAM * 2 * orthogonalised(ahead)
    torch.testing.assert_close(before - model.weight.detach(), step)


def test_the_rest_moves_as_with_adamw() -> None:
    torch.manual_seed(0)
    model = Network()
    twin = Network()
    twin.load_state_dict(model.state_dict())
    optimizers = (
        muon(model, decay=0.1),
        make_optimizer(twin, "adamw", learning_rate=RATE, weight_decay=0.1),
    )
    for _ in range(3):
        for ours, theirs in zip(model.parameters(), twin.parameters(), strict=True):
            ours.grad = torch.randn_like(ours)
            theirs.grad = ours.grad.clone()
        for optimizer in optimizers:
            optimizer.step()
    theirs_by_name = dict(twin.named_parameters())
    same = {n for n, p in model.named_parameters() if torch.equal(p, theirs_by_name[n])}
    biases = {n for n, _ in model.named_parameters() if "bias" in n}
    assert same == {"table.weight", "head.weight"} | biases


def test_state_goes_on_exactly() -> None:
    torch.manual_seed(0)
    model = Network()
    optimizer = muon(model, decay=0.1)

    def step(of: nn.Module, with_: Muon, seed: int) -> None:
        generator = torch.Generator().manual_seed(seed)
        for parameter in of.parameters():
            parameter.grad = torch.randn(parameter.shape, generator=generator)
        with_.step()

    step(model, optimizer, 1)
    again = Network()
    again.load_state_dict(model.state_dict())
    resumed = muon(again, decay=0.1)
    resumed.load_state_dict(deepcopy(optimizer.state_dict()))
    step(model, optimizer, 2)
    step(again, resumed, 2)
    for ours, theirs in zip(model.parameters(), again.parameters(), strict=True):
        assert torch.equal(ours, theirs)
