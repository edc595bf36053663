"""What is captured, written as JSON and restored goes on as if nothing had happened."""

from __future__ import annotations

import json
import random
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load, save
from torch import nn

from gru_sentiment.builders.optimisation import build_state
from gru_sentiment.config.training import TrainingConfig
from gru_sentiment.training.optimizers import OPTIMIZERS, SCHEDULES
from gru_sentiment.training.position import EpochSums, Position
from gru_sentiment.training.snapshot import TrainingState

STEPS = 12


def new_state(**options: Any) -> TrainingState:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Embedding(5, 4), nn.Dropout(0.5), nn.Linear(4, 2))
    config = TrainingConfig(learning_rate=0.05, warmup=0.3, patience=3, **options)
    return build_state(config, model, STEPS)


def advance(state: TrainingState, steps: int) -> list[float]:
    """Train with every generator at work; the losses."""
    losses = []
    for _ in range(steps):
        ids = torch.tensor([random.randrange(5), int(np.random.randint(5)), 1])
        loss = state.model(ids).square().sum()
        loss.backward()
        state.optimizer.step()
        state.optimizer.zero_grad()
        state.schedule.after_step()
        state.schedule.after_evaluation(loss.item())
        state.stopping.is_best({"loss": loss.item()})
        if state.average is not None:
            state.average.update_parameters(state.model)
        state.position.updates += 1
        losses.append(loss.item())
    return losses


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("ema_decay", [None, 0.8])
@pytest.mark.parametrize("done", [0, 5])
def test_goes_on_exactly(optimizer: Any, schedule: Any, ema_decay: float | None, done: int) -> None:
    options: dict[str, Any] = {"optimizer": optimizer, "schedule": schedule, "ema_decay": ema_decay}
    state = new_state(**options)
    random.seed(1)
    np.random.seed(1)
    advance(state, done)
    tensors, values = state.capture()
    written, text = save({k: v.contiguous() for k, v in tensors.items()}), json.dumps(values)
    expected = advance(state, STEPS - done)

    other = new_state(**options)
    advance(other, 2)  # the generators, too, stand elsewhere
    other.restore(load(written), json.loads(text))
    assert advance(other, STEPS - done) == expected
    for name, tensor in state.capture()[0].items():
        assert torch.equal(tensor, other.capture()[0][name]), name
    assert json.dumps(other.capture()[1]) == json.dumps(state.capture()[1])


def test_a_position_as_json() -> None:
    position = Position(3, 7, 40, 12.25, EpochSums(0.1 + 0.2, 3, 9, 100, 1e-17, 7, 1, 3.5))
    assert Position.from_json(json.loads(json.dumps(position.to_json()))) == position
    position.next_epoch(20.0)
    assert position == Position(4, 0, 40, 20.0, EpochSums())


def test_a_position_that_another_version_stored() -> None:
    values = Position(3).to_json()
    values["sums"]["later"] = 1
    assert Position.from_json({**values, "stopped_by": "why"}) == Position(3)
