"""Where run folders are, and which of them is the latest."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gru_sentiment import BUNDLED
from gru_sentiment.artifact.files import (
    CHECKPOINTS,
    CONFIG,
    LATEST,
    MANIFEST,
    MEMBERS,
    OF_RUN,
    RUNS,
    SERIES,
    VOCABULARY,
    partial_of,
    path_from,
)
from gru_sentiment.artifact.series_runs import read_runs
from gru_sentiment.errors import ArtifactError

logger = logging.getLogger(__name__)

PRETRAINED = Path(__file__).parents[1] / "pretrained"
"""The runs in the package."""
REINSTALL = "reinstall the package: pip install --force-reinstall --no-deps gru-sentiment"
CARD = "card.md"
"""What a user should know of a run in the package."""
BUNDLED_CLASSIFIER, BUNDLED_ENCODER = PRETRAINED / "classifier", PRETRAINED / "encoder"


def named_run(path: Path | None) -> Path:
    """The run folder that a user means: by default the latest one, else the one in the package.

    `bundled` is the one in the package too, unless there is a folder of that name.
    """
    if path is None:
        return LATEST if LATEST.is_dir() else BUNDLED_CLASSIFIER
    return BUNDLED_CLASSIFIER if _means_bundled(path) else path


def named_start(path: Path) -> Path:
    """The run folder that a training starts from: `bundled` is the encoder in the package,
    `bundled/classifier` the classifier in it, unless there are folders of these names."""
    if path.parts and _means_bundled(Path(path.parts[0])):
        return PRETRAINED.joinpath(*path.parts[1:] or [BUNDLED_ENCODER.name])
    return path


def is_bundled(path: Path) -> bool:
    """Whether a run is one of those in the package."""
    return path.is_relative_to(PRETRAINED)


@contextmanager
def reinstalling(path: Path) -> Iterator[None]:
    """Where a run of the package is damaged, advise to reinstall the package."""
    try:
        yield
    except ArtifactError as error:
        if is_bundled(path):
            raise ArtifactError(error.cause, hint=REINSTALL) from error
        raise


def _means_bundled(path: Path) -> bool:
    return path == BUNDLED and not path.is_dir()


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
    """Whether a folder is a run, or empty. Anybody's folder may hold a config.yaml."""
    if not path.is_dir():
        return False
    return _holds_run(path) or not any(path.iterdir())


def _holds_run(path: Path) -> bool:
    """A run of any kind has a manifest. Those of earlier versions have none."""
    network = (path / CONFIG).is_file() and (path / VOCABULARY).is_file()
    return network or (path / MANIFEST).is_file()


def own_files(run: Path) -> list[Path]:
    """The files of a run, or of all runs of several seeds or folds; none where there is no run.

    Files that somebody else has put into the folder are not among them.
    """
    if not (_holds_run(run) or (run / SERIES).is_file()):
        return []
    files = [run / name for name in OF_RUN if (run / name).is_file()]
    for inner in (run / MEMBERS, run / CHECKPOINTS, *run.glob("seed-*"), *run.glob("fold-*")):
        files += [path for path in inner.rglob("*") if path.is_file()]
    return files


def point_latest_to(path: Path) -> None:
    """Make runs/latest a link to a run below runs/, in one step; the run is whole without it.

    A run elsewhere leaves the link as it is. Where the link cannot be made, that is a warning.
    """
    state = "still names another run" if LATEST.exists() else "names no run"
    temporary = RUNS / f".latest-{os.getpid()}"
    try:
        run, runs = path.resolve(), RUNS.resolve()
        if not run.is_relative_to(runs):
            logger.info("%s %s: %s lies outside %s", LATEST, state, path, RUNS)
            return
        temporary.unlink(missing_ok=True)
        temporary.symlink_to(run.relative_to(runs))
        os.replace(temporary, LATEST)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        logger.warning("%s %s: %s", LATEST, state, error.strerror or error)


def existing_run(path: Path | None) -> Path:
    """The folder of a run; of several seeds or folds the best one's.

    Raises:
        ArtifactError: there is none.
    """
    if path is None and LATEST.is_symlink() and not LATEST.is_dir():
        raise ArtifactError(
            f"{LATEST}: the run that it leads to is gone",
            hint="name a run, or the model in the package: bundled",
        )
    folder = named_run(path)
    if not folder.is_dir():
        raise ArtifactError(
            f"{path or folder}: no such run folder",
            hint=REINSTALL if is_bundled(folder) else _known_runs(),
        )
    return read_runs(folder).best_run if (folder / SERIES).is_file() else folder


def followed(folder: Path) -> Path:
    """The run that a link such as runs/latest names, rather than the link."""
    return Path(path_from(folder.resolve())) if folder.is_symlink() else folder


def log_if_bundled(path: Path | None) -> None:
    """Tell the user that no run here predicts where none was named."""
    if path is None and is_bundled(named_run(None)):
        logger.info("no run here: the model in the package predicts (gru-sent runs --bundled)")


def _known_runs() -> str:
    runs = sorted(str(p) for p in RUNS.glob("*") if _is_run(p) and not p.is_symlink())
    if not runs:
        return "train one: gru-sent train --config configs/gru.yaml"
    return f"runs here: {', '.join(runs[:10])}"


def _is_run(path: Path) -> bool:
    return is_run(path) or (path / SERIES).is_file()
