"""Settings of torch: randomness, threads and matmul precision."""

from __future__ import annotations

import os
import platform
import random
from pathlib import Path

import numpy as np
import torch


def seed_everything(seed: int) -> None:
    """Seed Python, numpy and torch."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)


def set_up_torch(threads: int | None) -> int:
    """Set torch's CPU threads and the matmul precision, and return the number of threads.

    None leaves torch's own number of threads, one for each core. Float32 products keep their full
    precision on every device, in training, evaluation and prediction.
    """
    if threads is not None:
        torch.set_num_threads(threads)
    multiply_with_onednn()
    refuse_tensorfloat32()
    return torch.get_num_threads()


def multiply_with_onednn() -> None:
    """Let oneDNN multiply float32 matrices, on a CPU with AVX-512 and without AMX.

    By default torch uses MKL, which uses half of the width of an AMD's registers: oneDNN is twice
    as fast there. The setting allows bfloat16 inside a product, which oneDNN does only with AMX
    (oneDNN developer guide, "Floating-point math mode"). So nothing is set on a CPU with AMX, and
    without AMX the products are as exact as before.
    """
    if (
        _has_onednn()
        and torch.cpu._is_avx512_supported()
        and not torch.cpu._is_amx_tile_supported()
    ):
        torch.backends.mkldnn.matmul.fp32_precision = "bf16"  # type: ignore[attr-defined]


def refuse_tensorfloat32() -> None:
    """Let CUDA multiply float32 numbers in full precision.

    By default cuDNN's recurrent layers round factors to TensorFloat-32, which has 10 bits. torch
    has an older switch too (`allow_tf32`). torch 2.9 warns of it, and it must not be read or set
    together with these.
    """
    torch.backends.cudnn.rnn.fp32_precision = "ieee"  # type: ignore[attr-defined]
    torch.backends.cuda.matmul.fp32_precision = "ieee"


def multiplies_bfloat16() -> bool:
    """Whether this CPU has instructions for bfloat16 products and torch uses them."""
    return _has_onednn() and torch.cpu._is_avx512_bf16_supported()


def gains_from_bfloat16() -> bool:
    """Whether this CPU trains faster with bfloat16 products than with float32 products.

    It does with AMX, and on AMD's cores (measured on Zen 4: 1.4 to 1.5 times as fast). Intel's
    AVX-512 multiplies both equally fast and the conversions take time (measured on a Xeon of the
    fifth generation with AMX switched off: 0.7 times as fast).
    """
    return multiplies_bfloat16() and (torch.cpu._is_amx_tile_supported() or _is_amd())


def refuse_randomness() -> None:
    """Let torch refuse operations that are not deterministic on CUDA.

    Call this before CUDA is used, because cuBLAS reads its workspace setting when it starts. The
    setting makes cuDNN's recurrent layers deterministic too (NVIDIA cuBLAS documentation, "Results
    reproducibility"). On the CPU all operations here are deterministic for one number of threads.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.backends.cudnn.benchmark = False
    torch.use_deterministic_algorithms(True)


def _is_amd(cpu_info: Path = Path("/proc/cpuinfo")) -> bool:
    about = cpu_info.read_text("utf-8") if cpu_info.exists() else platform.processor()
    return "AuthenticAMD" in about


def _has_onednn() -> bool:
    return bool(torch.backends.mkldnn.is_available())  # type: ignore[no-untyped-call]
