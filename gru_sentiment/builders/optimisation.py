"""Builds optimizer, schedule and stopping rules from the section `training`."""

from __future__ import annotations

from typing import Any

from torch import nn
from torch.optim import Optimizer
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from gru_sentiment.config.training import OPTIMIZERS_WITH_MOMENTUM, TrainingConfig
from gru_sentiment.models.classifier import TextClassifier
from gru_sentiment.training.optimizers import SCHEDULES, Schedule, make_optimizer
from gru_sentiment.training.snapshot import TrainingState
from gru_sentiment.training.stopping import Stopping


def build_optimizer(config: TrainingConfig, model: nn.Module) -> Optimizer:
    """The config's optimizer over the model's parameters."""
    options = {"momentum": config.momentum} if config.optimizer in OPTIMIZERS_WITH_MOMENTUM else {}
    decay = config.fine_tuning.layer_decay
    layers = model.layers_from_top() if decay != 1 and isinstance(model, TextClassifier) else None
    return make_optimizer(
        model,
        config.optimizer,
        learning_rate=config.learning_rate,
        weight_decay=config.weight_decay,
        layers=layers,
        layer_decay=decay,
        **options,
    )


def build_schedule(config: TrainingConfig, optimizer: Optimizer, total_steps: int) -> Schedule:
    """The config's learning-rate schedule over `total_steps` optimizer steps."""
    options: dict[str, Any] = {
        "plateau_factor": config.plateau_factor,
        "plateau_patience": config.plateau_patience,
    }
    return SCHEDULES[config.schedule](optimizer, total_steps, config.warmup, **options)


def build_stopping(config: TrainingConfig) -> Stopping:
    """The config's stopping rules."""
    return Stopping(
        config.monitor,
        patience=config.patience,
        stop_at_loss=config.stop_at_loss,
        max_minutes=config.max_minutes,
    )


def build_state(config: TrainingConfig, model: nn.Module, total_steps: int) -> TrainingState:
    """The state of a training of `model` before its first of `total_steps` optimizer steps."""
    optimizer = build_optimizer(config, model)
    return TrainingState(
        model,
        optimizer,
        build_schedule(config, optimizer, total_steps),
        build_stopping(config),
        build_average(config, model),
    )


def build_average(config: TrainingConfig, model: nn.Module) -> AveragedModel | None:
    """A moving average of the weights, if the config has one."""
    if config.ema_decay is None:
        return None
    return AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(config.ema_decay))  # type: ignore[no-untyped-call]
