"""The parent folder of several seeds: which runs belong to it, and which of them is the best.

No torch: runs are also listed without it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from gru_sentiment.artifact.files import SEEDS, read_json, to_json, write_whole, writing
from gru_sentiment.config.sections import Config
from gru_sentiment.errors import ArtifactError

NAME = re.compile(r"seed-[0-9]+")


@dataclass(frozen=True)
class Seeds:
    """Runs of one config that differ in `run.seed` alone."""

    folder: Path
    config: Config
    """Of the first seed; the others count on from its `run.seed`."""
    names: tuple[str, ...]
    """Of the run folders below `folder`, in the order of their seeds."""
    best: str | None
    """None while a seed is not finished."""

    @property
    def best_run(self) -> Path:
        """The folder of the best run.

        Raises:
            ArtifactError: not all seeds are finished.
        """
        if self.best is None:
            raise ArtifactError(
                f"{self.folder}: not all of its {len(self.names)} seeds are finished",
                hint=f"finish them: gru-sent train --resume {self.folder}; or name one run: "
                f"{self.folder / self.names[0]}",
            )
        return self.folder / self.best


def write_seeds(seeds: Seeds, scores: Mapping[str, Any] | None = None) -> None:
    """Write seeds.json, with what all seeds came to once they are finished.

    Raises:
        ArtifactError: the disk refuses it.
    """
    values = {
        "best": seeds.best,
        "runs": list(seeds.names),
        "scores": scores or {},
        "config": seeds.config.model_dump(mode="json"),
    }
    with writing(seeds.folder):
        seeds.folder.mkdir(parents=True, exist_ok=True)
    write_whole(seeds.folder / SEEDS, to_json(values))


def read_seeds(folder: Path) -> Seeds:
    """The contents of seeds.json.

    Raises:
        ArtifactError: it cannot be read, or no training wrote it.
    """
    path = folder / SEEDS
    values = read_json(path)
    try:
        names, best = tuple(values["runs"]), values["best"]
        config = Config.model_validate_json(json.dumps(values["config"]))
    except (KeyError, TypeError, ValidationError) as error:
        raise ArtifactError(f"{path}: not written by this version: {error}") from error
    # any other name might lead out of the folder
    if not names or not all(isinstance(name, str) and NAME.fullmatch(name) for name in names):
        raise ArtifactError(f"{path}: runs: expected seed-0 and the like, found {names}")
    if best is not None and best not in names:
        raise ArtifactError(f"{path}: best: {best!r} is not one of its runs: {', '.join(names)}")
    return Seeds(folder, config, names, best)
