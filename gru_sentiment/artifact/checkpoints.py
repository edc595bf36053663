"""Checkpoints of a training: folders of a tensor file, a JSON file and their manifest.

The last two are kept. A checkpoint gets its name when all of it is on the disk, so a death at any
moment leaves the ones before it as they were.
"""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from safetensors.torch import load
from torch import Tensor

from gru_sentiment.artifact.files import sync_folder, to_json, write_whole, writing
from gru_sentiment.artifact.manifest import verify, write_manifest
from gru_sentiment.artifact.tensors import write_tensors
from gru_sentiment.errors import ArtifactError

logger = logging.getLogger(__name__)

TENSORS, VALUES = "tensors.safetensors", "values.json"
KEPT = 2
UNFINISHED = ".tmp"


@dataclass(frozen=True)
class Checkpoint:
    """All that a training needs to continue as if it had never stopped."""

    tensors: Mapping[str, Tensor]
    """Weights, optimizer state and random generators, by name."""
    state: Mapping[str, Any]
    """The JSON values of the training state: position, schedule, stopping rules, generators."""
    best_epoch: int
    """0 before the first evaluation."""
    best_scores: Mapping[str, float]
    """Validation scores of the best epoch."""
    history_bytes: int
    """Length of metrics.jsonl."""
    facts: Mapping[str, Any]
    """What the weights depend on besides the config, by name."""

    def values(self) -> dict[str, Any]:
        """All but the tensors, as JSON values."""
        named = {item.name: getattr(self, item.name) for item in fields(self)}
        del named["tensors"]
        return named

    @classmethod
    def load(cls, folder: Path) -> Checkpoint:
        """The checkpoint in a folder.

        Raises:
            ArtifactError: a version with other contents wrote it.
        """
        # read, not mapped into memory: Windows removes no file that is, and moves no folder with
        # one
        tensors = load((folder / TENSORS).read_bytes())
        values = json.loads((folder / VALUES).read_bytes())
        try:
            return cls(tensors, **values)
        except TypeError as error:
            raise ArtifactError(
                f"{folder}: a checkpoint of another version of gru-sent: it holds "
                f"{', '.join(sorted(values))}",
                hint="resume with the version that wrote it, or train again with --force",
            ) from error


class Checkpoints:
    """The checkpoints below one folder, numbered from 1."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def save(self, checkpoint: Checkpoint) -> None:
        """Add a checkpoint and remove all but the newest.

        Raises:
            ArtifactError: the disk refuses it; the checkpoints before are left as they were.
        """
        number = self._numbers()[-1] + 1 if self._numbers() else 1
        target = self.folder / f"{number:06d}"
        temporary = target.with_name(target.name + UNFINISHED)
        try:
            with writing(target):
                shutil.rmtree(temporary, ignore_errors=True)
                temporary.mkdir(parents=True)
                write_tensors(temporary / TENSORS, checkpoint.tensors)
                write_whole(temporary / VALUES, to_json(checkpoint.values()))
                write_manifest(temporary, (TENSORS, VALUES))
                sync_folder(temporary)
                temporary.rename(target)
                sync_folder(self.folder)
        except ArtifactError:
            shutil.rmtree(temporary, ignore_errors=True)
            raise
        for old in self._numbers()[:-KEPT]:
            shutil.rmtree(self.folder / f"{old:06d}", ignore_errors=True)

    def newest(self) -> Checkpoint | None:
        """The newest checkpoint that is whole; None where none was ever saved.

        Raises:
            ArtifactError: there are checkpoints and all of them are damaged, or it is of another
                version.
        """
        numbers = self._numbers()
        for number in reversed(numbers):
            folder = self.folder / f"{number:06d}"
            try:
                verify(folder, (TENSORS, VALUES))
            except ArtifactError as error:
                logger.warning("%s\n  using the checkpoint before it", error.cause)
                continue
            return Checkpoint.load(folder)
        if numbers:
            raise ArtifactError(
                f"{self.folder}: every checkpoint is damaged", hint="train again with --force"
            )
        return None

    def _numbers(self) -> list[int]:
        found = [path.name for path in self.folder.glob("*") if path.is_dir()]
        return sorted(int(name) for name in found if name.isdecimal())
