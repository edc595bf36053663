"""The parent folder of a series, that is of several seeds or folds, with the config of its runs.

No torch: runs are also listed without it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from gru_sentiment.artifact.files import SERIES, read_json, to_json, write_whole, writing
from gru_sentiment.artifact.series_runs import (
    KEYS,
    SEED,
    VARIED,
    SeriesRuns,
    not_of_this_version,
    read_runs,
)
from gru_sentiment.config.sections import Config


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
        return SeriesRuns(self.folder, self.names, self.best, self.kind).best_run


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
    runs = read_runs(folder)
    path = folder / SERIES
    try:
        config = Config.model_validate_json(json.dumps(read_json(path)["config"]))
    except (KeyError, TypeError, ValidationError) as error:
        raise not_of_this_version(path, error) from error
    return Series(folder, config, runs.names, runs.best, runs.kind)
