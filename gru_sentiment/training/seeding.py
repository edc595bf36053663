"""Randomness and threads, in one place."""

from __future__ import annotations

import random

import numpy as np
import torch


def seed_everything(seed: int) -> None:
    """Seed python, numpy and torch."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)


def set_threads(threads: int | None) -> int:
    """Set torch's CPU threads, None for one a core; returns their number."""
    if threads is not None:
        torch.set_num_threads(threads)
    return torch.get_num_threads()
