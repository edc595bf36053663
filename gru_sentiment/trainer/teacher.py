"""A run whose answers are the labels of texts that have none.

Self-training on soft labels (Yarowsky 1995; Xie et al. 2020), or distillation (Hinton et al. 2015).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from gru_sentiment.artifact.tensors import read_soft_labels, save_soft_labels
from gru_sentiment.builders.corpus import Corpus, build_tokenized
from gru_sentiment.builders.dataset import UNLABELLED
from gru_sentiment.config.sections import Config
from gru_sentiment.errors import ArtifactError
from gru_sentiment.machine.progress import progress_of
from gru_sentiment.trained.reader import Run, load_run

logger = logging.getLogger(__name__)

TEXTS_AT_A_TIME = 4_096
"""Texts asked about before their number is told."""


@dataclass(frozen=True)
class SoftLabels:
    """What a teacher says of the unlabelled texts of a corpus."""

    path: Path
    """The teacher's run."""
    probabilities: Tensor
    """Shape (texts, classes), by row of the corpus; 0 for texts that it was not asked about."""
    fingerprint: str
    """Changes with any of its answers."""

    def metadata(self) -> dict[str, Any]:
        """Who it was and what it said, as metadata.json holds it."""
        return {"path": str(self.path), "answers_sha256": self.fingerprint}


@dataclass
class Teacher:
    """A run that can be asked, or was asked before this training was interrupted.

    Its answers are kept in the folder of the training, beside the checkpoints and not in them: so
    they are the same to the last bit when it goes on, on another number of threads too, whatever
    has become of the teacher.
    """

    path: Path
    folder: Path
    """Of the training."""
    device: torch.device
    kept: tuple[Tensor, str] | None
    """Predictions from before and their fingerprint."""
    run: Run | None

    @classmethod
    def of(
        cls, config: Config, folder: Path, known: str | None, device: torch.device
    ) -> Self | None:
        """The config's teacher, where it has one; `known` is the fingerprint of its answers.

        Raises:
            ArtifactError: no such run, or none that answers.
        """
        if config.training.unlabelled is None or config.training.unlabelled.teacher is None:
            return None
        path = config.training.unlabelled.teacher
        found = None if known is None else read_soft_labels(folder, known)
        if known is not None and found is not None:
            return cls(path, folder, device, (found, known), None)
        return cls(path, folder, device, None, load_run(path, device))

    def teach(self, config: Config, corpus: Corpus, *, progress: bool = False) -> SoftLabels:
        """Its class probabilities for the unlabelled texts, read with its own text settings.

        Raises:
            ArtifactError: it has other classes.
        """
        rows, classes = corpus.splits[UNLABELLED], len(corpus.labels)
        if self.kept is None or self.kept[0].shape != (len(rows), classes):
            self.kept = self._asked(config, corpus, progress)
        answers, fingerprint = self.kept
        probabilities = torch.zeros(len(corpus.tokenized), classes)
        probabilities[torch.from_numpy(rows)] = answers
        return SoftLabels(self.path, probabilities, fingerprint)

    def _asked(self, config: Config, corpus: Corpus, progress: bool) -> tuple[Tensor, str]:
        run = self.run or load_run(self.path, self.device)
        _check_classes(run, corpus)
        answers = _ask(run, config, corpus, progress)
        # its weights are not needed any more
        self.run = None
        return answers, save_soft_labels(self.folder, answers)


def _ask(run: Run, config: Config, corpus: Corpus, progress: bool) -> Tensor:
    assert corpus.unlabelled is not None
    rows = corpus.unlabelled.rows
    logger.info("asking %s about %s unlabelled texts", run.path, f"{len(rows):,}")
    its_words = config.model_copy(update={"text": run.config.text})
    tokenized = build_tokenized(its_words, corpus.unlabelled, progress=progress)
    found = np.zeros((len(rows), len(corpus.labels)), np.float32)
    with progress_of("asking", "text", len(rows), bar=progress) as count:
        for start in range(0, len(rows), TEXTS_AT_A_TIME):
            part = slice(start, start + TEXTS_AT_A_TIME)
            found[part] = np.exp(run.predict(tokenized, rows[part]).log_probabilities)
            count(len(rows[part]))
    shares = zip(corpus.labels.names, found.mean(axis=0), strict=True)
    logger.info(
        "it says: %s; it gives its answers %.1f %% on average",
        ", ".join(f"{100 * share:.1f} % {name}" for name, share in shares),
        100 * found.max(axis=1).mean(),
    )
    return torch.from_numpy(found)


def _check_classes(run: Run, corpus: Corpus) -> None:
    if run.labels.classes != corpus.labels.classes:
        raise ArtifactError(
            f"training.unlabelled.teacher: {run.path} has the classes "
            f"{', '.join(map(repr, run.labels.classes))}; the training data has "
            f"{', '.join(map(repr, corpus.labels.classes))}",
            hint="give a teacher that was trained on these classes",
        )
