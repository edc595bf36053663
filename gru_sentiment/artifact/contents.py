"""What run folders of every kind hold, read and checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gru_sentiment.artifact.files import (
    AGAIN,
    CONFIG,
    KIND,
    NETWORK,
    PARTIAL,
    check_size,
    finished_of,
    read_json,
)
from gru_sentiment.artifact.manifest import verify
from gru_sentiment.config.loading import parse_config
from gru_sentiment.config.sections import Config
from gru_sentiment.config.yaml_file import read_yaml_text
from gru_sentiment.data.labels import Labels, LabelSets
from gru_sentiment.data.vocab import Vocabulary
from gru_sentiment.errors import ArtifactError, ConfigError


def read_kind(folder: Path) -> str:
    """The kind of a run: a network where the folder holds no kind.json.

    Raises:
        ArtifactError: kind.json cannot be read.
    """
    if not (folder / KIND).exists():
        return NETWORK
    return str(read_object(folder / KIND).get("kind"))


def check_complete(folder: Path, names: Iterable[str]) -> None:
    """Whether files are there, and are those that were written.

    Raises:
        ArtifactError: they are not.
    """
    names = list(names)
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        raise ArtifactError(
            f"{folder}: not a complete run folder: {', '.join(missing)} missing",
            hint=f"resume it: gru-sent train --resume {finished_of(folder)}"
            if folder.name.endswith(PARTIAL) and read_kind(folder) == NETWORK
            else "train again, or copy the whole folder",
        )
    verify(folder, names)


def load_run_config(folder: Path) -> Config:
    """The config of a run.

    Raises:
        ArtifactError: it cannot be read, or is not a config of this version.
    """
    path = folder / CONFIG
    try:
        return parse_config(read_yaml_text(path), str(path))
    except ConfigError as error:
        raise ArtifactError(f"{path}: not a config of this version: {error}") from error


def read_object(path: Path) -> dict[str, Any]:
    """A JSON file that holds an object.

    Raises:
        ArtifactError: it does not, or cannot be read.
    """
    value = read_json(path)
    if not isinstance(value, dict):
        raise ArtifactError(f"{path}: expected a JSON object", hint=AGAIN)
    return value


def load_vocabulary(path: Path) -> Vocabulary:
    """The vocabulary of a run.

    Raises:
        ArtifactError: the file is no vocabulary.
    """
    check_size(path)
    return Vocabulary.load(path)


def load_labels(path: Path) -> Labels:
    """The classes of a run.

    Raises:
        ArtifactError: the file does not hold two or more distinct ones.
    """
    value = read_json(path)
    values: dict[str, Any] = value if isinstance(value, dict) else {}
    separator = values.get("separator")
    classes: Any = values.get("labels" if separator is None else "label_sets")
    whole = isinstance(classes, list) and all(
        isinstance(c, str | int) and not isinstance(c, bool) for c in classes
    )
    if not whole or len(set(classes)) != len(classes) or len(classes) < 2:
        raise ArtifactError(f"{path}: expected two or more distinct strings or integers")
    if separator is None:
        return Labels(classes)
    if not isinstance(separator, str) or not separator:
        raise ArtifactError(f"{path}: separator is {str(separator)[:20]!r}, expected a text")
    return LabelSets(classes, separator)


def stored_labels(labels: Labels) -> dict[str, Any]:
    """What labels.json holds; earlier versions do not read label sets as single labels."""
    if isinstance(labels, LabelSets):
        return {"label_sets": labels.classes, "separator": labels.separator}
    return {"labels": labels.classes}


def shapes_of(tensors: Mapping[str, Tensor]) -> dict[str, list[int]]:
    """By name."""
    return {name: list(tensor.shape) for name, tensor in tensors.items()}


def check_shapes(
    path: Path, expected: Mapping[str, list[int]], found: Mapping[str, list[int]], *, hint: str
) -> None:
    """Whether a file's tensors are those of a model, neither fewer nor more.

    Raises:
        ArtifactError: they are not.
    """
    names = sorted(expected.keys() | found.keys())
    wrong = [name for name in names if expected.get(name) != found.get(name)]
    if wrong:
        raise ArtifactError(
            f"{path}: {wrong[0]} has shape {found.get(wrong[0], 'none')}, the config asks for "
            f"{expected.get(wrong[0], 'none')} ({len(wrong)} such tensors)",
            hint=hint,
        )


def check_values(path: Path, tensors: Mapping[str, Tensor], dtype: torch.dtype) -> None:
    """Whether tensors hold finite numbers of one type.

    Raises:
        ArtifactError: they do not.
    """
    for name, tensor in tensors.items():
        if tensor.dtype != dtype:
            raise ArtifactError(f"{path}: {name} holds {tensor.dtype}, expected {dtype}")
        if not torch.isfinite(tensor).all():
            raise ArtifactError(f"{path}: {name} holds numbers that are not finite", hint=AGAIN)
