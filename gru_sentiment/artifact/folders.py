"""Where run folders are, and which of them is the latest."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from gru_sentiment.artifact.files import CHECKPOINTS, CONFIG, LATEST, RUNS, partial_of, path_from
from gru_sentiment.errors import ArtifactError

logger = logging.getLogger(__name__)


def unfinished(path: Path) -> Path:
    """The folder that a training of the run `path` can be resumed in.

    Raises:
        ArtifactError: there is none.
    """
    if (partial_of(path) / CONFIG).is_file():
        return partial_of(path)
    if (path / CHECKPOINTS).is_dir():
        return path
    if path.exists():
        raise ArtifactError(
            f"{path}: is finished",
            hint="a finished run can be resumed only if it was trained with run.keep_checkpoint",
        )
    raise ArtifactError(
        f"{path}: there is no {partial_of(path)} to resume",
        hint="start the training: gru-sent train --config FILE",
    )


def free_run_path(name: str) -> Path:
    """runs/NAME, or runs/NAME-2, … where that is taken."""
    number, path = 1, RUNS / name
    while path == LATEST or path.exists() or partial_of(path).exists():
        number += 1
        path = RUNS / f"{name}-{number}"
    if (unfinished := partial_of(RUNS / name)).exists():
        logger.info("%s is not finished: gru-sent train --resume finishes it", unfinished)
    return path


def is_run(path: Path) -> bool:
    """Whether a folder is a run, or empty."""
    return path.is_dir() and ((path / CONFIG).is_file() or not any(path.iterdir()))


def point_latest_to(path: Path) -> None:
    """Make runs/latest a link to the run, in one step; the run is whole without it."""
    temporary = RUNS / f".latest-{os.getpid()}"
    try:
        RUNS.mkdir(exist_ok=True)
        temporary.unlink(missing_ok=True)
        temporary.symlink_to(path_from(path.resolve(), RUNS.resolve()))
        os.replace(temporary, LATEST)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        logger.warning("%s still names another run: %s", LATEST, error.strerror)
