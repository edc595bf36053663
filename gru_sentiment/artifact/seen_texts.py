"""Hashes of the texts that a run has read in training: enough to keep them out of a later test."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from gru_sentiment.artifact.files import AGAIN, SEEN_TEXTS
from gru_sentiment.artifact.manifest import named, verify
from gru_sentiment.artifact.tensors import write_tensors
from gru_sentiment.errors import ArtifactError
from gru_sentiment.sources.records import Hashes

NAME = "hashes"


def save_seen_texts(folder: Path, hashes: Hashes) -> None:
    """Keep hashes (texts,) in a run folder.

    Raises:
        ArtifactError: the disk refuses it.
    """
    write_tensors(folder / SEEN_TEXTS, {NAME: torch.from_numpy(hashes)})


def load_seen_texts(folder: Path) -> Hashes | None:
    """Hashes (texts,) of a finished run; None for a run of a version that kept none.

    Raises:
        ArtifactError: the file is missing, is not the one that was written, or holds no hashes.
    """
    path = folder / SEEN_TEXTS
    if not path.exists() and SEEN_TEXTS not in named(folder):
        return None
    verify(folder, [SEEN_TEXTS])
    try:
        hashes = load_file(path).get(NAME)
    except SafetensorError as error:
        raise ArtifactError(f"{path}: cannot be read: {error}", hint=AGAIN) from error
    if hashes is None or hashes.ndim != 1 or hashes.dtype != torch.int64:
        raise ArtifactError(f"{path}: holds no hashes of texts", hint=AGAIN)
    found: Hashes = hashes.numpy()
    return found
