"""All that a training needs to continue as if it had never stopped, as tensors and JSON values."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.swa_utils import AveragedModel

from gru_sentiment.training.optimizers import Schedule
from gru_sentiment.training.position import Position
from gru_sentiment.training.stopping import Stopping

Tensors = dict[str, Tensor]
Values = dict[str, Any]


@dataclass
class TrainingState:
    """The objects that change while a model is trained, and the position in the data.

    The generators of python, numpy and torch belong to it too: dropout draws from them.
    """

    model: nn.Module
    optimizer: Optimizer
    schedule: Schedule
    stopping: Stopping
    average: AveragedModel | None = None
    position: Position = field(default_factory=Position)

    @property
    def stopped_by(self) -> str | None:
        """The rule by which there is nothing left to do; None within an epoch, which is finished
        whatever the rules are now.
        """
        return None if self.position.batch else self.stopping.reason(self.position.elapsed_s)

    def capture(self) -> tuple[Tensors, Values]:
        """Tensors by name (not copied: to be written at once) and JSON values."""
        optimizer = self.optimizer.state_dict()
        tensors = {**_prefixed("model", self.model.state_dict()), **_generator_tensors()}
        if self.average is not None:
            tensors |= _prefixed("average", self.average.state_dict())
        numbers: dict[str, Values] = {}
        for index, state in optimizer["state"].items():
            for name, value in state.items():
                if isinstance(value, Tensor):
                    tensors[f"optimizer.{index}.{name}"] = value
                else:
                    numbers.setdefault(str(index), {})[name] = value
        return tensors, {
            "position": self.position.to_json(),
            "optimizer": {"groups": optimizer["param_groups"], "numbers": numbers},
            "schedule": self.schedule.state_dict(),
            "stopping": self.stopping.state_dict(),
            "generators": {"python": random.getstate(), "numpy": _numpy_generator()},
        }

    def restore(self, tensors: Mapping[str, Tensor], values: Mapping[str, Any]) -> None:
        """Continue from what `capture` gave, with the same config on the same kind of device."""
        self.model.load_state_dict(_below("model", tensors))
        if self.average is not None:
            self.average.load_state_dict(_below("average", tensors))
        state: dict[int, Values] = {
            int(index): dict(numbers) for index, numbers in values["optimizer"]["numbers"].items()
        }
        for name, tensor in _below("optimizer", tensors).items():
            index, _, key = name.partition(".")
            state.setdefault(int(index), {})[key] = tensor
        groups = values["optimizer"]["groups"]
        self.optimizer.load_state_dict({"state": state, "param_groups": groups})
        self.schedule.load_state_dict(values["schedule"])
        self.stopping.load_state_dict(values["stopping"])
        self.position = Position.from_json(values["position"])
        _set_generators(tensors, values["generators"])


def _prefixed(prefix: str, tensors: Mapping[str, Tensor]) -> Tensors:
    return {f"{prefix}.{name}": tensor for name, tensor in tensors.items()}


def _below(prefix: str, tensors: Mapping[str, Tensor]) -> Tensors:
    start = f"{prefix}."
    return {n.removeprefix(start): tensor for n, tensor in tensors.items() if n.startswith(start)}


def _generator_tensors() -> Tensors:
    devices = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
    found = {f"generator.cuda.{i}": state for i, state in enumerate(devices)}
    return {"generator.cpu": torch.get_rng_state(), **found}


def _numpy_generator() -> Values:
    kind, keys, *others = np.random.get_state(legacy=True)
    return {"kind": kind, "keys": np.asarray(keys).tolist(), "others": others}


def _set_generators(tensors: Mapping[str, Tensor], values: Mapping[str, Any]) -> None:
    version, internal, gauss = values["python"]
    random.setstate((version, tuple(internal), gauss))
    legacy = values["numpy"]
    np.random.set_state((legacy["kind"], np.array(legacy["keys"], np.uint32), *legacy["others"]))
    torch.set_rng_state(tensors["generator.cpu"])
    for index, state in _below("generator.cuda", tensors).items():
        torch.cuda.set_rng_state(state, int(index))
