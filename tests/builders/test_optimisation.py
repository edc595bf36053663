"""Options of the optimizer, the schedule and stopping arrive where they belong."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from gru_sentiment.builders.optimisation import (
    build_average,
    build_optimizer,
    build_schedule,
    build_stopping,
)
from gru_sentiment.config.training import (
    TrainingConfig,
)

from .tiny import tiny_model


@pytest.mark.parametrize(
    ("name", "kind", "momentum"),
    [
        ("sgd", torch.optim.SGD, 0.9),
        ("rmsprop", torch.optim.RMSprop, 0.5),
        ("adam", torch.optim.Adam, 0.0),
        ("adamw", torch.optim.AdamW, 0.0),
    ],
)
def test_optimizer_options(name: Any, kind: type[Any], momentum: float) -> None:
    config = TrainingConfig(optimizer=name, learning_rate=0.25, weight_decay=0.1, momentum=momentum)
    optimizer = build_optimizer(config, tiny_model())
    assert type(optimizer) is kind
    assert [group["lr"] for group in optimizer.param_groups] == [0.25, 0.25]
    assert [group["weight_decay"] for group in optimizer.param_groups] == [0.1, 0.0]
    if momentum:
        assert {group["momentum"] for group in optimizer.param_groups} == {momentum}


def test_schedule_options() -> None:
    def rates(steps: int, **options: Any) -> list[float]:
        config = TrainingConfig(learning_rate=1.0, **options)
        optimizer = build_optimizer(config, tiny_model())
        schedule = build_schedule(config, optimizer, steps)
        found = []
        for _ in range(steps):
            found.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            schedule.after_step()
            schedule.after_evaluation(1.0)
        return found

    assert rates(4, schedule="linear", warmup=0.5) == pytest.approx([1 / 3, 2 / 3, 1, 0.5])
    plateau = {"schedule": "reduce_on_plateau", "plateau_factor": 0.1, "plateau_patience": 0}
    assert rates(4, **plateau) == pytest.approx([1, 1, 0.1, 0.01])
    assert rates(3, schedule="constant") == [1, 1, 1]


def test_stopping_options() -> None:
    config = TrainingConfig(monitor="+macro_f1", patience=3, stop_at_loss=0.2, max_minutes=1.5)
    stopping = build_stopping(config)
    assert (stopping.sign, stopping.score) == (1.0, "macro_f1")
    assert (stopping.patience, stopping.stop_at_loss, stopping.max_minutes) == (3, 0.2, 1.5)


def test_average_of_weights() -> None:
    model = nn.Linear(1, 1, bias=False)
    assert build_average(TrainingConfig(), model) is None
    average = build_average(TrainingConfig(ema_decay=0.75), model)
    assert average is not None
    expected = None
    for value in (1.0, 2.0, 5.0):
        nn.init.constant_(model.weight, value)
        average.update_parameters(model)
        expected = value if expected is None else 0.75 * expected + 0.25 * value
        assert average.module.weight.item() == pytest.approx(expected)
