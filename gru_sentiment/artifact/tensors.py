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
from gru_sentiment.artifact.weights import SCALES, matrices
from gru_sentiment.errors import ArtifactError

LARGEST = 127
"""The largest number of a compact matrix."""


def write_tensors(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """A safetensors file, written as `write_whole` does."""
    write_whole(path, save({name: tensor.contiguous().cpu() for name, tensor in tensors.items()}))


def compact(weights: Mapping[str, Tensor], matrix: str) -> dict[str, Tensor]:
    """Weights in a quarter to a half of their bytes.

    The rows of `matrix`, (rows, columns), become whole numbers from -127 to 127 in 8 bits with a
    scale a row in 16 bits; all else is rounded to 16 bits. `expand` undoes the form, not the
    rounding: at most half a scale in the matrix, and 2^-11 of a number elsewhere.
    """
    rows = weights[matrix]
    scales = (rows.abs().amax(1) / LARGEST).half()
    # a scale that was rounded down must not push the largest number over the edge
    numbers = (rows / scales.float().clamp_min(1e-12).unsqueeze(1)).round()
    return {
        **{name: weight.half() for name, weight in weights.items() if name != matrix},
        matrix: numbers.clamp(-LARGEST, LARGEST).to(torch.int8),
        matrix + SCALES: scales,
    }


def expand(path: Path, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights in 32 bits, of a file that holds them compact or as they are.

    Raises:
        ArtifactError: numbers of another type, or a compact matrix without fitting scales.
    """
    found = {}
    for name in matrices(tensors):
        tensor, scales = tensors[name], tensors.get(name + SCALES)
        if tensor.dtype == torch.int8:
            if scales is None or scales.shape != tensor.shape[:1] or scales.dtype != torch.float16:
                raise ArtifactError(f"{path}: {name} has no fitting scales", hint=AGAIN)
            tensor = tensor.float() * scales.float().unsqueeze(1)
        found[name] = tensor.float() if tensor.dtype == torch.float16 else tensor
    return found


def shapes_of(tensors: Mapping[str, Tensor]) -> dict[str, list[int]]:
    """By name."""
    return {name: list(tensor.shape) for name, tensor in tensors.items()}


def check_values(path: Path, tensors: Mapping[str, Tensor], dtype: torch.dtype) -> None:
    """Whether tensors hold finite numbers of one type.

    Raises:
        ArtifactError: they do not.
    """
    for name, tensor in tensors.items():
        if tensor.dtype != dtype:
            found, expected = (str(each).removeprefix("torch.") for each in (tensor.dtype, dtype))
            raise ArtifactError(f"{path}: {name} holds {found}, expected {expected}")
        if not torch.isfinite(tensor).all():
            raise ArtifactError(f"{path}: {name} holds numbers that are not finite", hint=AGAIN)


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
