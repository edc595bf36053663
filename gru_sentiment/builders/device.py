"""Device, threads, products and seeds, before anything is computed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from gru_sentiment.build import build_device, build_product_type
from gru_sentiment.config.sections import Config
from gru_sentiment.machine.torch_setup import refuse_randomness, seed_everything, set_up_torch


@dataclass(frozen=True)
class Machine:
    """What a training computes on."""

    device: torch.device
    threads: int
    products: str
    """What it multiplies, as `build_product_type` names it."""

    def facts(self) -> dict[str, Any]:
        """What the last digits of the weights depend on, by name."""
        return {
            "threads": self.threads,
            "products": self.products,
            "device": self.device.type,
            "torch": torch.__version__,
        }

    def about(self) -> dict[str, Any]:
        """What it was, as metadata.json holds it."""
        return {"device": str(self.device), "threads": self.threads, "products": self.products}


def prepare_machine(config: Config, known_threads: int | None) -> Machine:
    """Set up torch for a training; `known_threads` are those of one to go on with.

    Raises:
        DeviceError: CUDA was asked for and torch finds none, or products that the CPU has not.
    """
    device = build_device(config.run.device)
    if config.run.deterministic and device.type == "cuda":
        refuse_randomness()
    threads = set_up_torch(config.run.threads or known_threads)
    seed_everything(config.run.seed)
    return Machine(device, threads, build_product_type(config.training, device))
