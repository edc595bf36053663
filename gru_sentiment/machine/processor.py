"""Which of torch's libraries compute on this processor."""

from __future__ import annotations

import platform

import torch


def processor() -> str:
    """The processor's architecture and the widest instructions that torch uses on it."""
    capability = torch.backends.cpu.get_cpu_capability()
    amx = " with AMX" if torch.cpu._is_amx_tile_supported() else ""
    return f"{platform.machine()}, {capability}{amx}"


def float32_matmul_library() -> str:
    """The library that multiplies float32 matrices on the CPU, after `set_up_torch`."""
    if torch.backends.mkldnn.matmul.fp32_precision == "bf16":  # type: ignore[attr-defined]
        return "oneDNN"  # the setting of `multiply_with_onednn`
    return "MKL" if torch.backends.mkl.is_available() else "torch's default"  # type: ignore[no-untyped-call]
