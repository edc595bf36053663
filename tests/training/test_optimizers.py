"""Optimizers and schedules against updates and rates that are written out."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from gru_sentiment.training.optimizers import OPTIMIZERS, SCHEDULES, Schedule, make_optimizer

RATE, DECAY = 0.1, 0.01


class Network(nn.Module):
    """One parameter of every kind that a classifier has."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(3, 2)
        self.recurrent = nn.GRU(2, 2, num_layers=2, bidirectional=True)
        self.head = nn.Linear(4, 1)


def group_of(optimizer: torch.optim.Optimizer, parameter: nn.Parameter) -> dict[str, Any]:
    groups = [g for g in optimizer.param_groups if any(p is parameter for p in g["params"])]
    assert len(groups) == 1
    return groups[0]


# optimizers


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_weight_decay_spares_embeddings_and_biases(name: str) -> None:
    model = Network()
    optimizer = make_optimizer(model, name, learning_rate=RATE, weight_decay=DECAY)
    decayed = {
        parameter_name
        for parameter_name, parameter in model.named_parameters()
        if group_of(optimizer, parameter)["weight_decay"] == DECAY
    }
    spared = {"table.weight", "head.bias"} | {
        n for n, _ in model.named_parameters() if n.startswith("recurrent.bias")
    }
    assert decayed == {n for n, _ in model.named_parameters()} - spared
    assert len(spared) == 2 + 2 * 4


def test_every_layer_has_the_rate_of_the_one_above_divided() -> None:
    """Howard & Ruder 2018: 2.6 from layer to layer."""
    model = Network()
    layers = [[*model.head.parameters()], [*model.recurrent.parameters()], [model.table.weight]]
    optimizer = make_optimizer(
        model, "adam", learning_rate=RATE, weight_decay=DECAY, layers=layers, layer_decay=2.6
    )
    for depth, layer in enumerate(layers):
        for parameter in layer:
            assert group_of(optimizer, parameter)["lr"] == pytest.approx(RATE / 2.6**depth)
    assert group_of(optimizer, model.head.weight)["weight_decay"] == DECAY
    assert group_of(optimizer, model.head.bias)["weight_decay"] == 0
    assert group_of(optimizer, model.table.weight)["weight_decay"] == 0
    # a schedule moves them all in proportion
    schedule = SCHEDULES["one_cycle"](optimizer, 10, 0.3)
    rates = {round(group["lr"] / RATE, 9) for group in optimizer.param_groups}
    optimizer.step()
    schedule.after_step()
    moved = {round(group["lr"] / RATE, 9) for group in optimizer.param_groups}
    assert len(rates) == len(moved) == 3
    assert max(moved) / min(moved) == pytest.approx(2.6**2)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_decay_alone_moves_only_the_matrices(name: str) -> None:
    model = Network()
    before = {n: p.detach().clone() for n, p in model.named_parameters()}
    optimizer = make_optimizer(model, name, learning_rate=RATE, weight_decay=DECAY)
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    moved = {n for n, p in model.named_parameters() if not torch.equal(p, before[n])}
    assert moved == {n for n in before if "weight" in n and not n.startswith("table")}


def test_a_frozen_parameter_stays_and_joins_in_later() -> None:
    model = Network()
    model.table.weight.requires_grad_(False)
    optimizer = make_optimizer(model, "adam", learning_rate=RATE)
    before = model.table.weight.detach().clone()

    def step() -> None:
        optimizer.zero_grad(set_to_none=True)
        model.table(torch.tensor([0, 1])).sum().add(model.head.bias.sum()).backward()
        optimizer.step()

    step()
    assert torch.equal(model.table.weight, before)
    model.table.weight.requires_grad_(True)
    step()
    torch.testing.assert_close(model.table.weight[:2], (before - RATE)[:2])
    assert torch.equal(model.table.weight[2], before[2])


Update = Callable[[float, float, dict[str, float]], float]
"""(weight, gradient, state) to the new weight, straight from the papers."""


def sgd(w: float, g: float, state: dict[str, float]) -> float:
    g += DECAY * w
    state["v"] = 0.9 * state["v"] + g if "v" in state else g
    return w - RATE * state["v"]


def rmsprop(w: float, g: float, state: dict[str, float]) -> float:
    g += DECAY * w
    state["s"] = 0.99 * state.get("s", 0.0) + 0.01 * g * g
    state["v"] = 0.9 * state.get("v", 0.0) + g / (math.sqrt(state["s"]) + 1e-8)
    return w - RATE * state["v"]


def _adam(w: float, g: float, state: dict[str, float]) -> float:
    state["t"] = state.get("t", 0) + 1
    state["m"] = 0.9 * state.get("m", 0.0) + 0.1 * g
    state["v"] = 0.999 * state.get("v", 0.0) + 0.001 * g * g
    m = state["m"] / (1 - 0.9 ** state["t"])
    v = state["v"] / (1 - 0.999 ** state["t"])
    return w - RATE * m / (math.sqrt(v) + 1e-8)


def adam(w: float, g: float, state: dict[str, float]) -> float:
    return _adam(w, g + DECAY * w, state)


def adamw(w: float, g: float, state: dict[str, float]) -> float:
    return _adam(w - RATE * DECAY * w, g, state)


@pytest.mark.parametrize(
    ("name", "update", "options"),
    [
        ("sgd", sgd, {"momentum": 0.9}),
        ("rmsprop", rmsprop, {"momentum": 0.9}),
        ("adam", adam, {}),
        ("adamw", adamw, {}),
    ],
)
def test_updates_are_those_of_the_papers(
    name: str, update: Update, options: dict[str, Any]
) -> None:
    model = nn.Linear(1, 1, bias=False).double()
    optimizer = make_optimizer(model, name, learning_rate=RATE, weight_decay=DECAY, **options)
    weight, state = model.weight.item(), dict[str, float]()
    for gradient in (0.5, -2.0, 0.3, 0.3):
        model.weight.grad = torch.full((1, 1), gradient, dtype=torch.float64)
        optimizer.step()
        weight = update(weight, gradient, state)
        assert model.weight.item() == pytest.approx(weight, rel=1e-12)


# schedules


def rates(name: str, total: int, warmup: float, highest: float = RATE) -> list[float]:
    """The rate of every step, and the one after the last."""
    optimizer, schedule = scheduled(name, total, warmup, highest)
    found = []
    for _ in range(total):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.after_step()
    assert len({group["lr"] for group in optimizer.param_groups}) == 1
    return [*found, optimizer.param_groups[0]["lr"]]


def scheduled(
    name: str, total: int, warmup: float, highest: float = RATE, **options: Any
) -> tuple[torch.optim.Optimizer, Schedule]:
    optimizer = make_optimizer(nn.Linear(1, 1), "sgd", learning_rate=highest)
    plateau = {"plateau_factor": 0.5, "plateau_patience": 1} | options
    return optimizer, SCHEDULES[name](optimizer, total, warmup, **plateau)


@pytest.mark.parametrize("warmup", [0.0, 0.5])
def test_constant(warmup: float) -> None:
    assert rates("constant", 5, warmup) == [RATE] * 6


@pytest.mark.parametrize(
    ("warmup", "expected"),
    [
        (0.0, [1, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125, 0]),
        (0.25, [1 / 3, 2 / 3, 1, 5 / 6, 4 / 6, 3 / 6, 2 / 6, 1 / 6, 0]),
        (0.5, [0.2, 0.4, 0.6, 0.8, 1, 0.75, 0.5, 0.25, 0]),
    ],
)
def test_linear(warmup: float, expected: list[float]) -> None:
    assert rates("linear", 8, warmup, highest=1.0) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("warmup", "rise"), [(0.0, []), (0.25, [1 / 3, 2 / 3]), (0.5, [0.2, 0.4, 0.6, 0.8])]
)
def test_cosine(warmup: float, rise: list[float]) -> None:
    falling = 8 - len(rise)
    fall = [(1 + math.cos(math.pi * k / falling)) / 2 for k in range(falling + 1)]
    assert rates("cosine", 8, warmup, highest=1.0) == pytest.approx([*rise, *fall], abs=1e-12)


@pytest.mark.parametrize(("total", "warmup"), [(8, 0.25), (40, 0.3), (99, 0.5), (10, 0.75)])
def test_one_cycle(total: int, warmup: float) -> None:
    """From a 25th up to the highest rate and down to a 250,000th, along half cosines."""

    def between(start: float, end: float, share: float) -> float:
        return end + (start - end) * (1 + math.cos(math.pi * share)) / 2

    top = warmup * (total + 1) - 1
    low, least = RATE / 25, RATE / 25 / 1e4
    expected = [
        between(low, RATE, k / top) if k <= top else between(RATE, least, (k - top) / (total - top))
        for k in range(total + 1)
    ]
    assert rates("one_cycle", total, warmup) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("warmup", [0.0, 0.1, 0.25, 0.5, 0.9])
@pytest.mark.parametrize("total", [1, 2, 3, 4, 7, 9, 19])
def test_every_step_has_a_rate(name: str, warmup: float, total: int) -> None:
    """However few steps there are: ten reviews make one batch an epoch."""
    *made, after = rates(name, total, warmup)
    assert all(0 < rate <= RATE * (1 + 1e-12) for rate in made)
    assert 0 <= after <= RATE


def test_reduce_on_plateau() -> None:
    optimizer, schedule = scheduled("reduce_on_plateau", 100, 0.25)
    found = []
    # waits for one evaluation without progress, falls at the second
    for loss in (1.0, 0.9, 0.95, 0.91, 0.8, 0.8, 0.8, 0.8, 0.8):
        optimizer.step()
        schedule.after_step()
        schedule.after_evaluation(loss)
        found.append(optimizer.param_groups[0]["lr"] / RATE)
    assert found == pytest.approx([1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.125])


def test_plateau_options() -> None:
    optimizer, schedule = scheduled(
        "reduce_on_plateau", 9, 0.0, plateau_factor=0.1, plateau_patience=0
    )
    for _ in range(3):
        schedule.after_evaluation(1.0)
    assert optimizer.param_groups[0]["lr"] == pytest.approx(RATE / 100)
    assert optimizer.param_groups[1]["lr"] == pytest.approx(RATE / 100)


@pytest.mark.parametrize("name", [name for name in SCHEDULES if name != "reduce_on_plateau"])
def test_evaluations_move_only_the_plateau(name: str) -> None:
    optimizer, schedule = scheduled(name, 10, 0.25)
    before = optimizer.param_groups[0]["lr"]
    for _ in range(5):
        schedule.after_evaluation(1.0)
    assert optimizer.param_groups[0]["lr"] == before
