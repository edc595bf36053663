"""Device, threads and seeds, before anything is computed."""

from __future__ import annotations

import torch

from gru_sentiment.build import build_device
from gru_sentiment.config import RunConfig
from gru_sentiment.training.seeding import refuse_randomness, seed_everything, set_up_torch


def prepare_machine(config: RunConfig, known_threads: int | None) -> tuple[torch.device, int]:
    """The device and the number of threads; `known_threads` is that of a training to go on with.

    Raises:
        DeviceError: CUDA was asked for and torch finds none.
    """
    device = build_device(config.device)
    if config.deterministic and device.type == "cuda":
        refuse_randomness()
    threads = set_up_torch(config.threads or known_threads)
    seed_everything(config.seed)
    return device, threads
