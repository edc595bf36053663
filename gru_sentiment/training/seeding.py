"""Randomness, threads and who multiplies, in one place."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager

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


@contextmanager
def onednn_products() -> Iterator[None]:
    """Let oneDNN multiply float32 matrices here, on a CPU with AVX-512 and without AMX.

    MKL, which torch asks otherwise, uses half of the width of an AMD's registers: oneDNN is twice
    as fast there. The setting allows bfloat16 inside a product, which oneDNN makes use of with AMX
    alone (oneDNN developer guide, "Floating-point math mode"): without it the products are as
    exact as before, and with it nothing is set.

    Only for products of few different shapes, as those of a language model's windows: oneDNN keeps
    memory for every shape that it has met (23 GiB after two epochs of batches of all lengths).
    """
    has_avx512, has_amx = torch.cpu._is_avx512_supported(), torch.cpu._is_amx_tile_supported()
    has_onednn = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    setting = torch.backends.mkldnn.matmul  # type: ignore[attr-defined]
    before = setting.fp32_precision
    if has_avx512 and not has_amx and has_onednn:
        setting.fp32_precision = "bf16"
    try:
        yield
    finally:
        setting.fp32_precision = before


def refuse_randomness() -> None:
    """Let torch refuse operations that are not deterministic on CUDA.

    cuBLAS reads its workspace setting when it starts, so this comes before the first use of CUDA;
    with it cuDNN's recurrent layers are deterministic too (NVIDIA cuBLAS documentation, "Results
    reproducibility"). On the CPU every operation here is deterministic for one number of threads.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.backends.cudnn.benchmark = False
    torch.use_deterministic_algorithms(True)
