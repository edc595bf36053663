"""What a teacher said of unlabelled texts, kept as long as a training may go on."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from gru_sentiment.artifact.files import SOFT_LABELS
from gru_sentiment.artifact.manifest import digest
from gru_sentiment.artifact.tensors import write_tensors

NAME = "probabilities"


def save_soft_labels(folder: Path, probabilities: Tensor) -> str:
    """Keep class probabilities (texts, classes) in a run folder; returns the file's SHA-256."""
    write_tensors(folder / SOFT_LABELS, {NAME: probabilities})
    return digest(folder / SOFT_LABELS)


def read_soft_labels(folder: Path, sha256: str) -> Tensor | None:
    """Class probabilities (texts, classes); None where the file is not the one that was saved."""
    path = folder / SOFT_LABELS
    if not path.is_file() or digest(path) != sha256:
        return None
    try:
        found = load_file(path).get(NAME)
    except SafetensorError:
        return None
    fits = found is not None and found.ndim == 2 and found.dtype == torch.float32
    return found if fits else None
