"""A run folder from anywhere, checked before it is used."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from gru_sentiment.artifact.contents import read_kind
from gru_sentiment.artifact.files import (
    BASELINE,
    ENCODER,
    FUSION,
    LATEST,
    METADATA,
    NETWORK,
    RUNS,
    SERIES,
    finished_of,
    path_from,
    read_json,
)
from gru_sentiment.artifact.folders import REINSTALL, is_bundled, is_run, named_run, reinstalling
from gru_sentiment.artifact.series import read_series
from gru_sentiment.errors import ArtifactError
from gru_sentiment.trained.baseline import Baseline, read_baseline
from gru_sentiment.trained.fusion import Fusion, read_fusion
from gru_sentiment.trained.network import Network, read_network

Run = Network | Baseline | Fusion
"""Each has a path, a config, labels, and `predict(tokenized, rows)`."""
RUN_READERS: dict[str, Callable[[Path, torch.device], Run]] = {
    NETWORK: read_network,
    BASELINE: read_baseline,
    FUSION: read_fusion,
}
logger = logging.getLogger(__name__)

MADE_BY = {BASELINE: "gru-sent baseline", FUSION: "gru-sent fuse", ENCODER: "gru-sent pretrain"}


def load_run(path: Path | None, device: torch.device) -> Run:
    """Read a run folder that predicts, by default the latest one, else the one in the package.

    Of several seeds or folds it is the best one's.

    Raises:
        ArtifactError: there is none, or it holds an encoder, a file is missing or not the one that
            was written, or the files do not fit each other.
    """
    if path is None and is_bundled(named_run(None)):
        logger.info("no run here: the model in the package predicts (gru-sent runs --bundled)")
    folder = existing_run(path)
    with reinstalling(folder):
        return _read(folder, device)


def _read(folder: Path, device: torch.device) -> Run:
    kind = read_kind(folder)
    if kind == ENCODER:
        raise ArtifactError(
            f"{folder}: is a pre-trained encoder, not a classifier",
            hint="fine-tune it: gru-sent train --config configs/finetune.yaml "
            f"--set model.initialize_from={folder}",
        )
    if kind not in RUN_READERS:
        raise ArtifactError(
            f"{folder}: is of the kind {kind[:20]!r}, known are {', '.join(RUN_READERS)}",
            hint="it may come from a later version; or copy the whole folder again",
        )
    # the run that runs/latest names, rather than the link
    named = Path(path_from(folder.resolve())) if folder.is_symlink() else folder
    return replace(RUN_READERS[kind](folder, device), path=named)


def load_network(path: Path, device: torch.device) -> Network:
    """Read a run folder that must hold a network.

    Raises:
        ArtifactError: as for `load_run`, or it holds something else.
    """
    check_is_network(path)
    run = load_run(path, device)
    assert isinstance(run, Network)
    return run


def check_is_network(folder: Path) -> None:
    """Whether a folder, finished or not, holds a network.

    Raises:
        ArtifactError: it holds something else, which cannot be resumed or reproduced by training.
    """
    kind = read_kind(folder)
    if kind != NETWORK:
        article = "an" if kind == ENCODER else "a"
        raise ArtifactError(
            f"{folder}: is {article} {kind[:20]}, not a trained network",
            hint=f"make {finished_of(folder)} again with {MADE_BY.get(kind, 'what made it')}",
        )


def read_metadata(path: Path) -> dict[str, Any]:
    """metadata.json of a run; empty where the run has none yet."""
    value = read_json(path / METADATA) if (path / METADATA).exists() else {}
    return value if isinstance(value, dict) else {}


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
    return read_series(folder).best_run if (folder / SERIES).is_file() else folder


def _known_runs() -> str:
    runs = sorted(str(p) for p in RUNS.glob("*") if _is_run(p) and not p.is_symlink())
    if not runs:
        return "train one: gru-sent train --config configs/gru.yaml"
    return f"runs here: {', '.join(runs[:10])}"


def _is_run(path: Path) -> bool:
    return is_run(path) or (path / SERIES).is_file()
