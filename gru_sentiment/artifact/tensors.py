"""Tensors in a file that appears as a whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from gru_sentiment.arrays import Integers
from gru_sentiment.artifact.files import AGAIN, SEEN_TEXTS, SOFT_LABELS, write_whole
from gru_sentiment.artifact.manifest import digest, named, verify
from gru_sentiment.errors import ArtifactError


def write_tensors(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """A safetensors file, written as `write_whole` does."""
    write_whole(path, save({name: tensor.contiguous().cpu() for name, tensor in tensors.items()}))


PROBABILITIES = "probabilities"


def save_soft_labels(folder: Path, probabilities: Tensor) -> str:
    """Keep class probabilities (texts, classes) in a run folder; returns the file's SHA-256."""
    write_tensors(folder / SOFT_LABELS, {PROBABILITIES: probabilities})
    return digest(folder / SOFT_LABELS)


def read_soft_labels(folder: Path, sha256: str) -> Tensor | None:
    """Class probabilities (texts, classes); None where the file is not the one that was saved."""
    path = folder / SOFT_LABELS
    if not path.is_file() or digest(path) != sha256:
        return None
    try:
        found = load_file(path).get(PROBABILITIES)
    except SafetensorError:
        return None
    fits = found is not None and found.ndim == 2 and found.dtype == torch.float32
    return found if fits else None


HASHES = "hashes"


def save_seen_texts(folder: Path, hashes: Integers) -> None:
    """Keep hashes (texts,) in a run folder.

    Raises:
        ArtifactError: the disk refuses it.
    """
    write_tensors(folder / SEEN_TEXTS, {HASHES: torch.from_numpy(hashes)})


def load_seen_texts(folder: Path) -> Integers | None:
    """Hashes (texts,) of a finished run; None for a run of a version that kept none.

    Raises:
        ArtifactError: the file is missing, is not the one that was written, or holds no hashes.
    """
    path = folder / SEEN_TEXTS
    if not path.exists() and SEEN_TEXTS not in named(folder):
        return None
    verify(folder, [SEEN_TEXTS])
    try:
        hashes = load_file(path).get(HASHES)
    except SafetensorError as error:
        raise ArtifactError(f"{path}: cannot be read: {error}", hint=AGAIN) from error
    if hashes is None or hashes.ndim != 1 or hashes.dtype != torch.int64:
        raise ArtifactError(f"{path}: holds no hashes of texts", hint=AGAIN)
    found: Integers = hashes.numpy()
    return found
