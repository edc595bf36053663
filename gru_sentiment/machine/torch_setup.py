"""Randomness, threads and who multiplies, in one place."""

from __future__ import annotations

import os
import platform
import random
from pathlib import Path

import numpy as np
import torch


def seed_everything(seed: int) -> None:
    """Seed python, numpy and torch."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)


def set_up_torch(threads: int | None) -> int:
    """Set torch's CPU threads, None for one a core, and who multiplies; returns the threads.

    Float32 keeps its precision on every device, in training, evaluation and prediction.
    """
    if threads is not None:
        torch.set_num_threads(threads)
    multiply_with_onednn()
    refuse_tensorfloat32()
    return torch.get_num_threads()


def multiply_with_onednn() -> None:
    """Let oneDNN multiply float32 matrices, on a CPU with AVX-512 and without AMX.

    MKL, which torch asks otherwise, uses half of the width of an AMD's registers: oneDNN is twice
    as fast there. The setting allows bfloat16 inside a product, which oneDNN makes use of with AMX
    alone (oneDNN developer guide, "Floating-point math mode"): without it the products are as
    exact as before, and with it nothing is set.
    """
    if (
        _has_onednn()
        and torch.cpu._is_avx512_supported()
        and not torch.cpu._is_amx_tile_supported()
    ):
        torch.backends.mkldnn.matmul.fp32_precision = "bf16"  # type: ignore[attr-defined]


def refuse_tensorfloat32() -> None:
    """Let CUDA multiply float32 numbers with all their digits.

    By default cuDNN's recurrent layers round factors to TensorFloat-32, which has 10 bits. Torch
    has an older switch too (`allow_tf32`): torch 2.9 warns of its use, and it must not be read or
    set beside these.
    """
    torch.backends.cudnn.rnn.fp32_precision = "ieee"  # type: ignore[attr-defined]
    torch.backends.cuda.matmul.fp32_precision = "ieee"


def multiplies_bfloat16() -> bool:
    """Whether this CPU has instructions for products of bfloat16, and torch uses them."""
    return _has_onednn() and torch.cpu._is_avx512_bf16_supported()


def gains_from_bfloat16() -> bool:
    """Whether this CPU trains in less time with products of bfloat16 than with float32's.

    With AMX, and on AMD's cores (Zen 4: 1.4 to 1.5 times as fast, measured). Intel's AVX-512
    multiplies both at one rate, and the conversions come on top: 0.7 times as fast, measured on a
    Xeon of the fifth generation whose AMX was hidden from it.
    """
    return multiplies_bfloat16() and (torch.cpu._is_amx_tile_supported() or _is_amd())


def refuse_randomness() -> None:
    """Let torch refuse operations that are not deterministic on CUDA.

    cuBLAS reads its workspace setting when it starts, so this comes before the first use of CUDA;
    with it cuDNN's recurrent layers are deterministic too (NVIDIA cuBLAS documentation, "Results
    reproducibility"). On the CPU every operation here is deterministic for one number of threads.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.backends.cudnn.benchmark = False
    torch.use_deterministic_algorithms(True)


def _is_amd(cpu_info: Path = Path("/proc/cpuinfo")) -> bool:
    about = cpu_info.read_text("utf-8") if cpu_info.exists() else platform.processor()
    return "AuthenticAMD" in about


def _has_onednn() -> bool:
    return bool(torch.backends.mkldnn.is_available())  # type: ignore[no-untyped-call]
