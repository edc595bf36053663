"""The runs of a series, that is of several seeds or folds, and the best of them. No config."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from gru_sentiment.artifact.files import SERIES, read_json
from gru_sentiment.errors import ArtifactError

SEED, FOLD = "seed", "fold"
KEYS = {SEED: "run.seed", FOLD: "data.fold"}
"""What each run of a series is, and the key of the config that makes it so."""
VARIED = "varied"
"""In the file of a series: the key. That of seeds has none, as in earlier versions."""


@dataclass(frozen=True)
class SeriesRuns:
    """Runs that differ in a single key of their config."""

    folder: Path
    names: tuple[str, ...]
    """Of the run folders below `folder`, in the order of their values."""
    best: str | None
    """None while a run is not finished."""
    kind: str
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


def read_runs(folder: Path) -> SeriesRuns:
    """The runs that seeds.json names.

    Raises:
        ArtifactError: it cannot be read, or no training wrote it.
    """
    path = folder / SERIES
    values = read_json(path)
    try:
        names, best = tuple(values["runs"]), values["best"]
        kind = {key: kind for kind, key in KEYS.items()}[values.get(VARIED, KEYS[SEED])]
    except (KeyError, TypeError, AttributeError) as error:
        raise not_of_this_version(path, error) from error
    # any other name might lead out of the folder
    known = re.compile(f"{kind}-[0-9]+")
    if not names or not all(isinstance(name, str) and known.fullmatch(name) for name in names):
        raise ArtifactError(f"{path}: runs: expected {kind}-1 and the like, found {names}")
    if best is not None and best not in names:
        raise ArtifactError(f"{path}: best: {best!r} is not one of its runs: {', '.join(names)}")
    return SeriesRuns(folder, names, best, kind)


def not_of_this_version(path: Path, error: Exception) -> ArtifactError:
    """The error of a file that another version wrote."""
    return ArtifactError(f"{path}: not written by this version: {error}")
