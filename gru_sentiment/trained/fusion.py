"""A run folder that holds other runs and the weights of their predictions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gru_sentiment.arrays import Floats, Integers
from gru_sentiment.artifact.contents import check_complete, load_labels
from gru_sentiment.artifact.files import BASELINE, CONFIG, FUSION, KIND, LABELS, NETWORK
from gru_sentiment.artifact.run_config import load_run_config
from gru_sentiment.config.sections import Config, TextConfig
from gru_sentiment.data.labels import Labels
from gru_sentiment.postprocess.fusion import fit_shares, fit_weights
from gru_sentiment.postprocess.joint import fuse_predictions
from gru_sentiment.trained.baseline import Baseline, read_baseline
from gru_sentiment.trained.members import (
    Together,
    check_same_classes,
    checked_member,
    load_member_weights,
    member_folder,
    other_tokens,
)
from gru_sentiment.trained.network import Network, read_network
from gru_sentiment.trained.predictions import Predictions
from gru_sentiment.trained.scoring import Scored

MEMBER_READERS: dict[str, Callable[[Path, torch.device], Network | Baseline]] = {
    NETWORK: read_network,
    BASELINE: read_baseline,
}


@dataclass(frozen=True)
class Fusion(Together):
    """Runs that predict together, with their config."""

    members: Sequence[Network | Baseline]
    config: Config = field(kw_only=True)
    """Of the first member; the others have the same data and the same tokenizer."""


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


def read_fusion(folder: Path, device: torch.device) -> Fusion:
    """Read the folder of a fusion.

    Raises:
        ArtifactError: a file is missing or not the one that was written, or the members do not fit
            each other.
    """
    check_complete(folder, (KIND, CONFIG, LABELS))
    weights = load_member_weights(folder / KIND)
    folders = [member_folder(folder, number) for number in range(len(weights))]
    config, labels = load_run_config(folder), load_labels(folder / LABELS)
    members = [MEMBER_READERS[checked_member(folder, path)](path, device) for path in folders]
    for member in members:
        check_same_classes(folder, member.path, labels, member.labels)
        if not same_tokens(config.text, member.config.text):
            raise other_tokens(folder, member.path)
    return Fusion(folder, labels, members, weights, config=config)
