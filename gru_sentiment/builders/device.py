"""Builds the device and its settings: threads, precision and seeds."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch

from gru_sentiment.config.sections import Config
from gru_sentiment.config.training import TrainingConfig
from gru_sentiment.errors import DeviceError
from gru_sentiment.machine.torch_setup import (
    gains_from_bfloat16,
    multiplies_bfloat16,
    refuse_randomness,
    seed_everything,
    set_up_torch,
)
from gru_sentiment.models.recurrent import recurrent_path


@dataclass(frozen=True)
class Machine:
    """The device of a training and its settings."""

    device: torch.device
    threads: int
    matmul_precision: str
    """The matmul precision, as `build_matmul_precision` names it."""

    @property
    def recurrent_layers(self) -> str:
        """What computes the recurrent layers."""
        return recurrent_path(self.device.type, self.matmul_precision)

    def facts(self) -> dict[str, Any]:
        """The settings that the last digits of the weights depend on, by name."""
        return {
            "threads": self.threads,
            "products": self.matmul_precision,
            "recurrent_layers": self.recurrent_layers,
            "device": self.device.type,
            "torch": torch.__version__,
        }

    def metadata(self) -> dict[str, Any]:
        """The device and its settings, as metadata.json stores them."""
        return {
            "device": str(self.device),
            "threads": self.threads,
            "products": self.matmul_precision,
            "recurrent_layers": self.recurrent_layers,
        }


def prepare_machine(config: Config, known_threads: int | None) -> Machine:
    """Set up torch for a training.

    Args:
        config: the whole training.
        known_threads: the number of threads of the training that is resumed, if one is.

    Raises:
        DeviceError: the config wants CUDA and torch finds none, or bfloat16 and the CPU has no
            instructions for it.
    """
    device = build_device(config.run.device)
    if config.run.deterministic and device.type == "cuda":
        refuse_randomness()
    threads = set_up_torch(config.run.threads or known_threads)
    seed_everything(config.run.seed)
    return Machine(device, threads, build_matmul_precision(config.training, device))


def build_matmul_precision(config: TrainingConfig, device: torch.device) -> str:
    """The matmul precision in training: "float32", or "bfloat16" if the config wants it.

    On CUDA the recurrent layers are torch's own and stay in float32 (`models/recurrent.py`), and
    only the other products are in bfloat16.

    Raises:
        DeviceError: the config wants mixed precision and the CPU has no instructions for bfloat16.
    """
    on_cuda, wanted = device.type == "cuda", config.mixed_precision
    if wanted == "auto":
        wanted = on_cuda or gains_from_bfloat16()
    if wanted and not on_cuda and not multiplies_bfloat16():
        raise DeviceError(
            "training.mixed_precision: this CPU has no instructions for bfloat16",
            hint="set training.mixed_precision to auto or false, or train on CUDA",
        )
    if not wanted:
        return "float32"
    return "bfloat16, recurrent layers float32" if on_cuda else "bfloat16"


def build_precision(
    config: TrainingConfig, device: torch.device
) -> Callable[[], AbstractContextManager[object]]:
    """A context for computing losses with the precision of `build_matmul_precision`."""
    if build_matmul_precision(config, device) == "float32":
        return nullcontext
    return partial(torch.autocast, device.type, dtype=torch.bfloat16)


def build_device(name: str) -> torch.device:
    """The device of that name; `auto` is CUDA if it is available, else the CPU.

    Raises:
        DeviceError: the name is `cuda` and torch finds none.
    """
    available = torch.cuda.is_available()
    if name == "cuda" and not available:
        build = (
            "this torch was built without CUDA" if torch.version.cuda is None else "no GPU found"
        )
        raise DeviceError(
            f"--device cuda: {build}",
            hint="use --device cpu, or install a CUDA build of torch (see the README, 'CUDA')",
        )
    return torch.device("cuda" if available and name != "cpu" else "cpu")
