"""Optimizers and learning-rate schedules by name."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol

from torch import nn
from torch.optim import SGD, Adam, AdamW, Optimizer, RMSprop
from torch.optim.lr_scheduler import LambdaLR, OneCycleLR, ReduceLROnPlateau

OPTIMIZERS: dict[str, Callable[..., Optimizer]] = {
    # fused: one pass over a parameter and its state instead of one an operation
    "sgd": partial(SGD, fused=True),
    "rmsprop": RMSprop,
    "adam": partial(Adam, fused=True),
    "adamw": partial(AdamW, fused=True),
}


def make_optimizer(
    model: nn.Module,
    name: str,
    *,
    learning_rate: float,
    weight_decay: float = 0.0,
    layers: Sequence[Sequence[nn.Parameter]] | None = None,
    layer_decay: float = 1.0,
    **options: Any,
) -> Optimizer:
    """An optimizer over all parameters; weight decay spares embeddings and biases.

    Parameters that do not require a gradient yet are included: without one they stay untouched,
    and they join in when they are unfrozen.

    Args:
        model: whose parameters are trained.
        name: one of OPTIMIZERS.
        learning_rate: of the uppermost layer.
        weight_decay: of what is neither an embedding nor a bias.
        layers: the parameters by layer, the uppermost first; by default all in one.
        layer_decay: what a layer's rate is divided by for the layer below it.
        options: of the optimizer.
    """
    spared = {
        parameter
        for module in model.modules()
        for parameter_name, parameter in module.named_parameters(recurse=False)
        if isinstance(module, nn.Embedding) or "bias" in parameter_name
    }
    groups = []
    for depth, layer in enumerate(layers or [list(model.parameters())]):
        rate = learning_rate / layer_decay**depth
        decayed = [parameter for parameter in layer if parameter not in spared]
        rest = [parameter for parameter in layer if parameter in spared]
        groups += [
            {"params": decayed, "weight_decay": weight_decay, "lr": rate},
            {"params": rest, "weight_decay": 0.0, "lr": rate},
        ]
    return OPTIMIZERS[name](
        [group for group in groups if group["params"]], lr=learning_rate, **options
    )


class Schedule(Protocol):
    """Moves the learning rate: after every optimizer step and after every evaluation."""

    def after_step(self) -> None:
        """An optimizer step was made."""

    def after_evaluation(self, loss: float) -> None:
        """The model was evaluated, with this validation loss."""

    def state_dict(self) -> dict[str, Any]:
        """JSON values from which `load_state_dict` restores the schedule."""

    def load_state_dict(self, values: dict[str, Any]) -> None:
        """Go on from what `state_dict` gave."""


class _Scheduled:
    """A scheduler of torch; the optimizer's state holds the rates themselves."""

    def __init__(self, scheduler: LambdaLR | OneCycleLR | ReduceLROnPlateau) -> None:
        self.scheduler = scheduler

    def state_dict(self) -> dict[str, Any]:
        """The scheduler's own values."""
        return self.scheduler.state_dict()

    def load_state_dict(self, values: dict[str, Any]) -> None:
        """Set them again."""
        self.scheduler.load_state_dict(values)


class StepSchedule(_Scheduled):
    """A learning rate that is a function of the step."""

    scheduler: LambdaLR | OneCycleLR

    def after_step(self) -> None:
        """Go on to the next step's rate."""
        self.scheduler.step()

    def after_evaluation(self, loss: float) -> None:
        """Nothing: the rate follows from the step alone."""


class PlateauSchedule(_Scheduled):
    """A learning rate that falls when the validation loss no longer does."""

    scheduler: ReduceLROnPlateau

    def after_step(self) -> None:
        """Nothing: the rate follows from the evaluations alone."""

    def after_evaluation(self, loss: float) -> None:
        """Lower the rate where the loss has not fallen for long enough."""
        self.scheduler.step(loss)


def _constant(optimizer: Optimizer, _total: int, _warmup: float, **_: Any) -> Schedule:
    return StepSchedule(LambdaLR(optimizer, lambda step: 1.0))  # noqa: ARG005


def _linear(optimizer: Optimizer, total: int, warmup: float, **_: Any) -> Schedule:
    return StepSchedule(LambdaLR(optimizer, _rising(total, warmup, lambda done: 1 - done)))


def _cosine(optimizer: Optimizer, total: int, warmup: float, **_: Any) -> Schedule:
    # Loshchilov & Hutter 2017, without restarts
    return StepSchedule(
        LambdaLR(optimizer, _rising(total, warmup, lambda done: (1 + math.cos(math.pi * done)) / 2))
    )


def _one_cycle(optimizer: Optimizer, total: int, warmup: float, **_: Any) -> Schedule:
    # one step more than is made: the rate after the last step must exist too
    steps = max(total, 1) + 1
    if warmup * steps == 1:  # torch divides by zero where the rise ends with the first step
        warmup = 0.0
    highest = [group["lr"] for group in optimizer.param_groups]
    return StepSchedule(
        OneCycleLR(
            optimizer,
            highest,
            total_steps=steps,
            pct_start=warmup,
            cycle_momentum=False,
        )
    )


def _plateau(
    optimizer: Optimizer,
    _total: int,
    _warmup: float,
    *,
    plateau_factor: float,
    plateau_patience: int,
) -> Schedule:
    return PlateauSchedule(
        ReduceLROnPlateau(optimizer, factor=plateau_factor, patience=plateau_patience)
    )


SCHEDULES: dict[str, Callable[..., Schedule]] = {
    "constant": _constant,
    "linear": _linear,
    "cosine": _cosine,
    "one_cycle": _one_cycle,
    "reduce_on_plateau": _plateau,
}


def _rising(total: int, warmup: float, fall: Callable[[float], float]) -> Callable[[int], float]:
    """Linear from near 0 to 1 over the warm-up, then `fall(share done)` from 1 to 0."""
    rise = round(warmup * total)

    def factor(step: int) -> float:
        if step < rise:
            return (step + 1) / (rise + 1)
        return fall(min(1.0, (step - rise) / max(1, total - rise)))

    return factor
