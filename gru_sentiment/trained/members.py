"""The members of a fusion in its folder, and what they predict together. No torch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from gru_sentiment.arrays import Floats, Integers
from gru_sentiment.artifact.contents import check_complete, read_kind, read_object
from gru_sentiment.artifact.files import (
    AGAIN,
    BASELINE,
    CALIBRATION,
    KIND,
    MANIFEST,
    MEMBERS,
    NEEDED,
    NETWORK,
    NGRAMS,
    WRITTEN,
    write_whole,
)
from gru_sentiment.data.labels import Labels
from gru_sentiment.data.tokens import TokenizedTexts
from gru_sentiment.errors import ArtifactError
from gru_sentiment.postprocess.fusion import MAX_WEIGHT
from gru_sentiment.postprocess.joint import fuse_predictions
from gru_sentiment.trained.predictions import Predictions

MAX_MEMBERS = 64


class Member(Protocol):
    """A run that predicts."""

    def predict(
        self, tokenized: TokenizedTexts, rows: Integers, tokens_per_batch: int | None = None
    ) -> Predictions:
        """The predictions for the texts `rows`."""


@dataclass(frozen=True)
class Together:
    """Runs that predict together."""

    path: Path
    labels: Labels
    members: Sequence[Member]
    weights: Floats
    """Shape (members,)."""

    def predict(
        self, tokenized: TokenizedTexts, rows: Integers, tokens_per_batch: int | None = None
    ) -> Predictions:
        """The members' joint predictions for the texts `rows`.

        Token counts are those of the first member.
        """
        found = [member.predict(tokenized, rows, tokens_per_batch) for member in self.members]
        joint = fuse_predictions(np.stack([one.log_probabilities for one in found]), self.weights)
        return Predictions(joint, found[0].encoded, found[0].rows)


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


def checked_member(folder: Path, member: Path) -> str:
    """The kind of a member, whose files are those that the manifest of the fusion names.

    Raises:
        ArtifactError: no fusion holds such runs, or a file is missing or not the one that was
            written.
    """
    kind = read_kind(member)
    if kind not in {NETWORK, BASELINE}:
        raise ArtifactError(f"{member}: is a {kind[:20]}, which no fusion holds", hint=AGAIN)
    names = NEEDED if kind == NETWORK else (KIND, *NEEDED)
    if (member / CALIBRATION).exists():
        names = (*names, CALIBRATION)
    check_complete(folder, [(member / name).relative_to(folder).as_posix() for name in names])
    return kind


def check_same_classes(folder: Path, member: Path, of_fusion: Labels, of_member: Labels) -> None:
    """Whether a member has the classes of its fusion.

    Raises:
        ArtifactError: it has others.
    """
    if of_member.classes != of_fusion.classes:
        raise ArtifactError(f"{member}: has other classes than {folder}", hint=AGAIN)


def other_tokens(folder: Path, member: Path) -> ArtifactError:
    """The error of a member that tokenises texts in another way than its fusion."""
    return ArtifactError(f"{member}: tokenises differently from {folder}", hint=AGAIN)


def load_member_weights(path: Path) -> Floats:
    """The weights of the members, shape (members,), from kind.json.

    Raises:
        ArtifactError: it holds none.
    """
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
