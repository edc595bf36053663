"""A run folder from anywhere, checked before it is used."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch

from gru_sentiment.artifact.contents import read_kind
from gru_sentiment.artifact.files import (
    BASELINE,
    ENCODER,
    FUSION,
    NETWORK,
    finished_of,
)
from gru_sentiment.artifact.folders import (
    existing_run,
    followed,
    log_if_bundled,
    reinstalling,
)
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
MADE_BY = {BASELINE: "gru-sent baseline", FUSION: "gru-sent fuse", ENCODER: "gru-sent pretrain"}


def load_run(path: Path | None, device: torch.device) -> Run:
    """Read a run folder that predicts, by default the latest one, else the one in the package.

    Of several seeds or folds it is the best one's.

    Raises:
        ArtifactError: there is none, or it holds an encoder, a file is missing or not the one that
            was written, or the files do not fit each other.
    """
    log_if_bundled(path)
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
    return replace(RUN_READERS[kind](folder, device), path=followed(folder))


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
