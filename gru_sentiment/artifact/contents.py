"""What run folders of every kind hold, read and checked. No torch, no config."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from gru_sentiment.artifact.files import (
    AGAIN,
    KIND,
    METADATA,
    NETWORK,
    PARTIAL,
    check_size,
    finished_of,
    read_json,
)
from gru_sentiment.artifact.manifest import verify
from gru_sentiment.data.labels import Labels, LabelSets
from gru_sentiment.data.vocab import Vocabulary
from gru_sentiment.errors import ArtifactError

INFERENCE_FORMAT = "gru-sent inference"
INFERENCE_VERSION = 1
"""Of the format of inference.json. Raise it when older programs would read it wrong."""


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


def read_object(path: Path) -> dict[str, Any]:
    """A JSON file that holds an object.

    Raises:
        ArtifactError: it does not, or cannot be read.
    """
    value = read_json(path)
    if not isinstance(value, dict):
        raise ArtifactError(f"{path}: expected a JSON object", hint=AGAIN)
    return value


def read_metadata(path: Path) -> dict[str, Any]:
    """metadata.json of a run; empty where the run has none yet."""
    value = read_json(path / METADATA) if (path / METADATA).exists() else {}
    return value if isinstance(value, dict) else {}


def load_vocabulary(path: Path) -> Vocabulary:
    """The vocabulary of a run.

    Raises:
        ArtifactError: the file is no vocabulary.
    """
    check_size(path)
    return Vocabulary.load(path)


def stored_inference(inference: Mapping[str, Any]) -> bytes:
    """The file inference.json; on one line, since the rules of a language are long."""
    named = {"format": INFERENCE_FORMAT, "version": INFERENCE_VERSION, **inference}
    return f"{json.dumps(named, ensure_ascii=False)}\n".encode("utf-8", "backslashreplace")


def load_inference(path: Path) -> dict[str, Any]:
    """What `stored_inference` stored.

    Raises:
        ArtifactError: it is of another format or version, or cannot be read.
    """
    found = read_object(path)
    if found.get("format") != INFERENCE_FORMAT:
        raise ArtifactError(f"{path}: its format is not {INFERENCE_FORMAT!r}", hint=AGAIN)
    if found.get("version") != INFERENCE_VERSION:
        raise ArtifactError(
            f"{path}: version {str(found.get('version'))[:20]} of the format; this program reads "
            f"version {INFERENCE_VERSION}",
            hint="predict with the version of gru-sent that wrote it",
        )
    return found


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
