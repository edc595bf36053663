"""The parent folder of a series, that is of several seeds or folds: its runs, and the best of them.

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

from gru_sentiment.artifact.files import SERIES, read_json, to_json, write_whole, writing
from gru_sentiment.config.sections import Config
from gru_sentiment.errors import ArtifactError

SEED, FOLD = "seed", "fold"
KEYS = {SEED: "run.seed", FOLD: "data.fold"}
"""What each run of a series is, and the key of the config that makes it so."""
VARIED = "varied"
"""In the file of a series: the key. That of seeds has none, as in earlier versions."""


@dataclass(frozen=True)
class Series:
    """Runs of one config that differ in a single key."""

    folder: Path
    config: Config
    """Of the first run; the others count on from its value of the key."""
    names: tuple[str, ...]
    """Of the run folders below `folder`, in the order of their values."""
    best: str | None
    """None while a run is not finished."""
    kind: str = SEED
    """What each run is: `SEED` or `FOLD`."""

    @property
    def best_run(self) -> Path:
        """The folder of the best run.

        Raises:
            ArtifactError: not all runs are finished.
        """
        if self.best is None:
            raise ArtifactError(
                f"{self.folder}: not all of its {len(self.names)} {self.kind}s are finished",
                hint=f"finish them: gru-sent train --resume {self.folder}; or name one run: "
                f"{self.folder / self.names[0]}",
            )
        return self.folder / self.best


def write_series(series: Series, scores: Mapping[str, Any] | None = None) -> None:
    """Write seeds.json, with what all runs came to once they are finished.

    Raises:
        ArtifactError: the disk refuses it.
    """
    values = {
        **({} if series.kind == SEED else {VARIED: KEYS[series.kind]}),
        "best": series.best,
        "runs": list(series.names),
        "scores": scores or {},
        "config": series.config.model_dump(mode="json"),
    }
    with writing(series.folder):
        series.folder.mkdir(parents=True, exist_ok=True)
    write_whole(series.folder / SERIES, to_json(values))


def read_series(folder: Path) -> Series:
    """The contents of seeds.json.

    Raises:
        ArtifactError: it cannot be read, or no training wrote it.
    """
    path = folder / SERIES
    values = read_json(path)
    try:
        names, best = tuple(values["runs"]), values["best"]
        kind = {key: kind for kind, key in KEYS.items()}[values.get(VARIED, KEYS[SEED])]
        config = Config.model_validate_json(json.dumps(values["config"]))
    except (KeyError, TypeError, ValidationError) as error:
        raise ArtifactError(f"{path}: not written by this version: {error}") from error
    # any other name might lead out of the folder
    known = re.compile(f"{kind}-[0-9]+")
    if not names or not all(isinstance(name, str) and known.fullmatch(name) for name in names):
        raise ArtifactError(f"{path}: runs: expected {kind}-1 and the like, found {names}")
    if best is not None and best not in names:
        raise ArtifactError(f"{path}: best: {best!r} is not one of its runs: {', '.join(names)}")
    return Series(folder, config, names, best, kind)
