"""The versions that compute here, and the path that a model takes on this processor."""

from __future__ import annotations

import platform

import torch

import gru_sentiment
from gru_sentiment.builders.device import Machine, build_device, build_matmul_precision
from gru_sentiment.config.training import TrainingConfig
from gru_sentiment.machine.processor import float32_matmul_library, processor
from gru_sentiment.machine.torch_setup import set_up_torch


def versions() -> dict[str, str]:
    """Versions and computing path, a line each, by what they are called."""
    threads = set_up_torch(None)
    device = build_device("auto")
    machine = Machine(device, threads, build_matmul_precision(TrainingConfig(), device))
    return {
        "gru-sent": gru_sentiment.__version__,
        "Python": platform.python_version(),
        "torch": torch.__version__,
        "device": torch.cuda.get_device_name() if device.type == "cuda" else "cpu",
        "processor": f"{processor()}, {threads} threads",
        "recurrent layers": machine.recurrent_layers,
        "float32 matrix products on the CPU": float32_matmul_library(),
        "training multiplies in": machine.matmul_precision,
    }
