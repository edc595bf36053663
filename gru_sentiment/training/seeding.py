"""Randomness and threads, in one place."""

from __future__ import annotations

import os
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


def refuse_randomness() -> None:
    """Let torch refuse operations that are not deterministic on CUDA.

    cuBLAS reads its workspace setting when it starts, so this comes before the first use of CUDA;
    with it cuDNN's recurrent layers are deterministic too (NVIDIA cuBLAS documentation, "Results
    reproducibility"). On the CPU every operation here is deterministic for one number of threads.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.backends.cudnn.benchmark = False
    torch.use_deterministic_algorithms(True)
