"""Randomness and threads, in one place."""

from __future__ import annotations

import random

import numpy as np
import torch


def seed_everything(seed: int, threads: int | None) -> int:
    """Seed python, numpy and torch; set torch's CPU threads and return their number."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)
    if threads is not None:
        torch.set_num_threads(threads)
    return torch.get_num_threads()
