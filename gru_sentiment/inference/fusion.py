"""Runs that predict together, without torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gru_sentiment.artifact.contents import check_complete, load_labels
from gru_sentiment.artifact.files import CONFIG, KIND, LABELS, NETWORK
from gru_sentiment.inference.network import Network, read_network
from gru_sentiment.inference.stored import Inference, has_inference, read_inference
from gru_sentiment.trained.linear import Linear, read_linear
from gru_sentiment.trained.members import (
    Together,
    check_same_classes,
    checked_member,
    load_member_weights,
    member_folder,
    other_tokens,
)


@dataclass(frozen=True)
class Fusion(Together):
    """Runs that predict together, without torch."""

    members: Sequence[Network | Linear]


def read_fusion(folder: Path, inference: Inference, threads: int) -> Fusion | None:
    """Read the folder of a fusion; None where a member needs torch.

    Raises:
        ArtifactError: a file is missing or not the one that was written, or the members do not fit
            each other.
    """
    check_complete(folder, (KIND, CONFIG, LABELS))
    weights = load_member_weights(folder / KIND)
    labels = load_labels(folder / LABELS)
    members = []
    for number in range(len(weights)):
        member = _read_member(folder, member_folder(folder, number), inference, threads)
        if member is None:
            return None
        check_same_classes(folder, member.path, labels, member.labels)
        members.append(member)
    return Fusion(folder, labels, members, weights)


def _read_member(
    folder: Path, member: Path, inference: Inference, threads: int
) -> Network | Linear | None:
    kind = checked_member(folder, member)
    own = read_inference(member) if has_inference(member) else None
    if own is None:
        return None
    if not own.text.same_tokens(inference.text):
        raise other_tokens(folder, member)
    return read_network(member, own, threads) if kind == NETWORK else read_linear(member)
