"""A teacher: a run whose predictions are the soft labels of texts without labels.

Self-training on soft labels (Yarowsky 1995; Xie et al. 2020), or distillation (Hinton et al. 2015).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
import torch
from torch import Tensor

from gru_sentiment.artifact.tensors import read_soft_labels, save_soft_labels
from gru_sentiment.builders.corpus import Corpus, build_tokenized
from gru_sentiment.builders.dataset import UNLABELLED
from gru_sentiment.config.sections import Config
from gru_sentiment.errors import ArtifactError
from gru_sentiment.machine.progress import progress_of
from gru_sentiment.trained.leakage import Trained, members_of
from gru_sentiment.trained.reader import Run, load_run

logger = logging.getLogger(__name__)

TEXTS_AT_A_TIME = 4_096
"""Texts that the teacher reads between two reports of progress."""


@dataclass(frozen=True)
class SoftLabels:
    """Class probabilities of the unlabelled texts of a corpus."""

    path: Path
    """The teacher's run, or the file that holds them."""
    probabilities: Tensor
    """Shape (texts, classes), by row of the corpus; 0 for texts with a label."""
    fingerprint: str
    """SHA-256 of these probabilities."""

    def metadata(self) -> dict[str, Any]:
        """The teacher and its soft labels, as metadata.json holds them."""
        return {"path": str(self.path), "answers_sha256": self.fingerprint}


class SoftLabelSource(Protocol):
    """Where soft labels come from: a teacher, or columns of the file of unlabelled texts."""

    @property
    def runs(self) -> Sequence[Trained]:
        """The runs that predict them."""

    def soft_labels(self, config: Config, corpus: Corpus, *, progress: bool = False) -> SoftLabels:
        """The class probabilities of the corpus' unlabelled texts."""


class SoftLabelColumns:
    """Soft labels that stand beside the unlabelled texts in their file."""

    runs: Sequence[Trained] = ()

    def soft_labels(
        self,
        config: Config,
        corpus: Corpus,
        *,
        progress: bool = False,  # noqa: ARG002
    ) -> SoftLabels:
        """Those of the file, which are part of the fingerprint of its texts."""
        path, unlabelled = config.data.unlabelled_path, corpus.unlabelled
        assert path is not None
        assert unlabelled is not None
        assert unlabelled.soft_labels is not None
        of_unlabelled = torch.from_numpy(unlabelled.soft_labels)
        return SoftLabels(path, _by_row(corpus, of_unlabelled), unlabelled.fingerprint)


def soft_label_source(
    config: Config, folder: Path, known: str | None, device: torch.device
) -> SoftLabelSource | None:
    """The config's source of soft labels; None where it has none. See `Teacher.of`."""
    unlabelled = config.training.unlabelled
    if unlabelled is not None and unlabelled.soft_labels is not None:
        return SoftLabelColumns()
    return Teacher.of(config, folder, known, device)


def _by_row(corpus: Corpus, of_unlabelled: Tensor) -> Tensor:
    """Probabilities of the unlabelled texts by row of the corpus, 0 for texts with a label."""
    probabilities = torch.zeros(len(corpus.tokenized), of_unlabelled.shape[1])
    probabilities[torch.from_numpy(corpus.splits[UNLABELLED])] = of_unlabelled
    return probabilities


@dataclass
class Teacher:
    """A run that gives soft labels, or gave them before this training was interrupted.

    The soft labels are kept in the folder of the training, beside the checkpoints and not in them:
    so they are the same to the last bit when it is resumed, also on another number of threads,
    whatever has become of the teacher.
    """

    path: Path
    folder: Path
    """Of the training."""
    device: torch.device
    kept: tuple[Tensor, str] | None
    """Soft labels (unlabelled texts, classes) from before and their fingerprint."""
    run: Run | None
    """None once its soft labels are kept."""

    @classmethod
    def of(
        cls, config: Config, folder: Path, known: str | None, device: torch.device
    ) -> Self | None:
        """The config's teacher; None where it names none.

        Args:
            config: of the training.
            folder: of the training.
            known: fingerprint of the soft labels, where the training is resumed.
            device: where a network computes.

        Raises:
            ArtifactError: no such run, or one that does not predict.
        """
        if config.training.unlabelled is None or config.training.unlabelled.teacher is None:
            return None
        path = config.training.unlabelled.teacher
        kept = None if known is None else read_soft_labels(folder, known)
        if known is not None and kept is not None:
            return cls(path, folder, device, (kept, known), None)
        return cls(path, folder, device, None, load_run(path, device))

    @property
    def runs(self) -> Sequence[Trained]:
        """The runs that predict: those of a fusion, or one; none once soft labels are kept."""
        return [] if self.run is None else members_of(self.run)

    def soft_labels(self, config: Config, corpus: Corpus, *, progress: bool = False) -> SoftLabels:
        """Its class probabilities for the unlabelled texts, read with its own text settings.

        Raises:
            ArtifactError: it has other classes.
        """
        rows, classes = corpus.splits[UNLABELLED], len(corpus.labels)
        if self.kept is None or self.kept[0].shape != (len(rows), classes):
            self.kept = self._predicted(config, corpus, progress)
        of_unlabelled, fingerprint = self.kept
        return SoftLabels(self.path, _by_row(corpus, of_unlabelled), fingerprint)

    def _predicted(self, config: Config, corpus: Corpus, progress: bool) -> tuple[Tensor, str]:
        run = self.run or load_run(self.path, self.device)
        _check_classes(run, corpus)
        probabilities = _predict_unlabelled(run, config, corpus, progress)
        # its weights are not needed any more
        self.run = None
        return probabilities, save_soft_labels(self.folder, probabilities)


def _predict_unlabelled(run: Run, config: Config, corpus: Corpus, progress: bool) -> Tensor:
    """Class probabilities (unlabelled texts, classes)."""
    assert corpus.unlabelled is not None
    rows = corpus.unlabelled.rows
    logger.info("the teacher %s predicts %s unlabelled texts", run.path, f"{len(rows):,}")
    with_its_text = config.model_copy(update={"text": run.config.text})
    tokenized = build_tokenized(with_its_text, corpus.unlabelled, progress=progress)
    probabilities = np.zeros((len(rows), len(corpus.labels)), np.float32)
    with progress_of("predicting", "text", len(rows), bar=progress) as count:
        for start in range(0, len(rows), TEXTS_AT_A_TIME):
            some = slice(start, start + TEXTS_AT_A_TIME)
            probabilities[some] = np.exp(run.predict(tokenized, rows[some]).log_probabilities)
            count(len(rows[some]))
    shares = zip(corpus.labels.names, probabilities.mean(axis=0), strict=True)
    logger.info(
        "the teacher's soft labels: %s; mean probability of the predicted class %.1f %%",
        ", ".join(f"{100 * share:.1f} % {name}" for name, share in shares),
        100 * probabilities.max(axis=1).mean(),
    )
    return torch.from_numpy(probabilities)


def _check_classes(run: Run, corpus: Corpus) -> None:
    if run.labels != corpus.labels:
        raise ArtifactError(
            f"training.unlabelled.teacher: {run.path} has the classes "
            f"{', '.join(map(repr, run.labels.classes))}; the training data has "
            f"{', '.join(map(repr, corpus.labels.classes))}",
            hint="give a teacher that was trained on these classes",
        )
