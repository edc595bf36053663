"""Tensors in a file that appears as a whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from safetensors.torch import save
from torch import Tensor

from gru_sentiment.artifact.files import write_whole


def write_tensors(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """A safetensors file, written as `write_whole` does."""
    write_whole(path, save({name: tensor.contiguous().cpu() for name, tensor in tensors.items()}))
