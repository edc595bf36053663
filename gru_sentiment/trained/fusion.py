"""A run folder that holds other runs and the weights of their predictions."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gru_sentiment.arrays import Floats, Integers
from gru_sentiment.artifact.contents import (
    check_complete,
    load_labels,
    load_run_config,
    read_kind,
    read_object,
)
from gru_sentiment.artifact.files import (
    AGAIN,
    BASELINE,
    CALIBRATION,
    CONFIG,
    FUSION,
    KIND,
    LABELS,
    MANIFEST,
    MEMBERS,
    NEEDED,
    NETWORK,
    NGRAMS,
    WRITTEN,
    write_whole,
)
from gru_sentiment.config.sections import Config, TextConfig
from gru_sentiment.data.labels import Labels
from gru_sentiment.data.tokenizer import TokenizedTexts
from gru_sentiment.errors import ArtifactError
from gru_sentiment.postprocess.fusion import MAX_WEIGHT, fit_shares, fit_weights, fuse_predictions
from gru_sentiment.trained.baseline import Baseline, read_baseline
from gru_sentiment.trained.network import Network, read_network
from gru_sentiment.trained.predictions import Predictions
from gru_sentiment.trained.scoring import Scored

MAX_MEMBERS = 64
MEMBER_READERS: dict[str, Callable[[Path, torch.device], Network | Baseline]] = {
    NETWORK: read_network,
    BASELINE: read_baseline,
}


@dataclass(frozen=True)
class Fusion:
    """Runs that predict together."""

    path: Path
    config: Config
    """Of the first member; the others have the same data and the same tokenizer."""
    labels: Labels
    members: Sequence[Network | Baseline]
    weights: Floats
    """Shape (members,)."""

    def predict(self, tokenized: TokenizedTexts, rows: Integers) -> Predictions:
        """The members' joint predictions for the texts `rows`.

        Token counts are those of the first member.
        """
        found = [member.predict(tokenized, rows) for member in self.members]
        together = fuse_predictions(
            np.stack([one.log_probabilities for one in found]), self.weights
        )
        return Predictions(together, found[0].encoded, rows)


def fit_member_weights(scored: Sequence[Scored], label_ids: Integers) -> Floats:
    """The weight of each member, shape (members,), that fits the true classes best.

    `scored` are the members' predictions for the same rows; `label_ids` are the class indices of
    all texts of the data set, shape (texts,).
    """
    _, first = scored[0]
    return fit_weights(_stacked(scored), label_ids[first.rows])


def fit_member_shares(scored: Sequence[Scored], label_ids: Integers) -> Floats:
    """The weights of two members, which add up to 1; the arguments are those above."""
    _, first = scored[0]
    return fit_shares(_stacked(scored), label_ids[first.rows])


def fuse_scored(
    scored: Sequence[Scored], weights: Floats, labels: Labels, label_ids: Integers
) -> Scored:
    """The members' joint predictions and their scores; the seconds of all members add up."""
    _, first = scored[0]
    joint = fuse_predictions(_stacked(scored), weights)
    predictions = Predictions(joint, first.encoded, first.rows)
    elapsed_s = sum(metrics.elapsed_s for metrics, _ in scored)
    return predictions.metrics(labels, label_ids, elapsed_s), predictions


def _stacked(scored: Sequence[Scored]) -> Floats:
    """Log probabilities, shape (members, rows, classes)."""
    stacked = np.stack([predictions.log_probabilities for _, predictions in scored])
    return stacked.astype(np.float64)


def same_tokens(first: TextConfig, second: TextConfig) -> bool:
    """Whether two configs tokenise alike."""
    return (first.language, first.lowercase) == (second.language, second.lowercase)


def fusion_kind(weights: Floats) -> dict[str, Any]:
    """The contents of kind.json for a fusion: a weight per member."""
    return {"kind": FUSION, "weights": weights.tolist()}


def member_folder(folder: Path, number: int) -> Path:
    """Where a fusion keeps a member."""
    return folder / MEMBERS / str(number)


def copy_member(source: Path, target: Path) -> None:
    """Copy the files of a run, with its manifest, and the n-gram model beside a network."""
    for inner in (".", NGRAMS):
        for name in (*WRITTEN, MANIFEST):
            if (source / inner / name).is_file():
                (target / inner).mkdir(parents=True, exist_ok=True)
                write_whole(target / inner / name, (source / inner / name).read_bytes())


def read_fusion(folder: Path, device: torch.device) -> Fusion:
    """Read the folder of a fusion.

    Raises:
        ArtifactError: a file is missing or not the one that was written, or the members do not fit
            each other.
    """
    check_complete(folder, (KIND, CONFIG, LABELS))
    weights = _load_weights(folder / KIND)
    folders = [member_folder(folder, number) for number in range(len(weights))]
    config, labels = load_run_config(folder), load_labels(folder / LABELS)
    members = [_read_member(folder, member, device) for member in folders]
    for member in members:
        if member.labels.classes != labels.classes:
            raise ArtifactError(f"{member.path}: has other classes than {folder}", hint=AGAIN)
        if not same_tokens(config.text, member.config.text):
            raise ArtifactError(f"{member.path}: tokenises differently from {folder}", hint=AGAIN)
    return Fusion(folder, config, labels, members, weights)


def _read_member(folder: Path, member: Path, device: torch.device) -> Network | Baseline:
    kind = read_kind(member)
    if kind not in MEMBER_READERS:
        raise ArtifactError(f"{member}: is a {kind[:20]}, which no fusion holds", hint=AGAIN)
    names = NEEDED if kind == NETWORK else (KIND, *NEEDED)
    if (member / CALIBRATION).exists():
        names = (*names, CALIBRATION)
    check_complete(folder, [(member / name).relative_to(folder).as_posix() for name in names])
    return MEMBER_READERS[kind](member, device)


def _load_weights(path: Path) -> Floats:
    values = read_object(path).get("weights")
    if not isinstance(values, list) or not 2 <= len(values) <= MAX_MEMBERS:
        raise ArtifactError(f"{path}: expected the weights of 2 to {MAX_MEMBERS} runs", hint=AGAIN)
    for value in values:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not 0 <= value <= MAX_WEIGHT or not math.isfinite(value):
            raise ArtifactError(
                f"{path}: weight {str(value)[:20]}, expected 0 to {MAX_WEIGHT:,.0f}", hint=AGAIN
            )
    return np.array(values, np.float64)
