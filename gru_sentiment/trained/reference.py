"""The models that a run is compared with: the baseline run beside it, or any other."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from gru_sentiment.arrays import Booleans, Integers
from gru_sentiment.artifact.contents import check_complete, read_kind, read_metadata, read_object
from gru_sentiment.artifact.files import (
    BASELINE,
    CONFIG,
    KIND,
    METADATA,
    METRICS,
    PARTIAL,
    PREDICTIONS,
)
from gru_sentiment.artifact.run_config import load_run_config
from gru_sentiment.builders.device import build_device
from gru_sentiment.config.sections import Config
from gru_sentiment.data.tokens import TokenizedTexts
from gru_sentiment.errors import ArtifactError, DataError
from gru_sentiment.results.evaluation import Against, BaselineGap
from gru_sentiment.scores.comparison import compare_with
from gru_sentiment.scores.saved import read_predictions
from gru_sentiment.trained.baseline import Baseline
from gru_sentiment.trained.dataset import LabelledRows
from gru_sentiment.trained.fusion import same_tokens
from gru_sentiment.trained.reader import Run, load_run

logger = logging.getLogger(__name__)

SAME_SPLIT = ("validation_size", "test_size", "train_size", "folds", "fold", "seed")
"""Keys of the data section that, with the data's fingerprint, decide which rows are in which
part."""
CHOSEN_BY = "validation"


@dataclass(frozen=True)
class Reference:
    """A baseline run, and its stored accuracies by split."""

    path: Path
    accuracies: Mapping[str, float]

    def gap(self, accuracy: float, own: float) -> BaselineGap:
        """What an accuracy is above the baseline's `own` on the same rows."""
        return BaselineGap(str(self.path), own, 100 * (accuracy - own))


def find_reference(run: Path, config: Config) -> Reference | None:
    """The baseline in the same folder that was fitted on the run's data and rows; None without one.

    Of several, the best on the validation split. A baseline that cannot be read is logged and left
    out: no run fails for it.
    """
    data = read_metadata(run).get("data_fingerprint")
    if data is None:
        return None
    home = run.resolve()
    # as the user named it, unless the name is one such as "."
    parent = run.parent if run.name == home.name else home.parent
    found = []
    for folder in sorted(parent.iterdir()):
        try:
            reference = _read(folder, data, config) if _is_another(folder, home) else None
        except ArtifactError as error:
            logger.warning("the reference baseline is left out: %s", error.cause)
            continue
        if reference is not None:
            found.append(reference)
    return max(found, key=lambda reference: reference.accuracies.get(CHOSEN_BY, 0), default=None)


def gaps_to_reference(
    run: Path, config: Config, accuracies: Mapping[str, float]
) -> dict[str, BaselineGap]:
    """How the run's accuracies by split compare with the reference baseline, if there is one."""
    reference = find_reference(run, config)
    if reference is None:
        return {}
    return {
        split: reference.gap(accuracy, reference.accuracies[split])
        for split, accuracy in accuracies.items()
        if split in reference.accuracies
    }


def compared_with_reference(
    run: Path, config: Config, rows: Integers, true: Sequence[str], correct: Booleans
) -> Against | None:
    """A run compared with the reference baseline on the validation split; None without one.

    Args:
        run: its folder.
        config: its config.
        rows: of the validation split, shape (rows,).
        true: their classes, as text.
        correct: which of them the run predicts right, shape (rows,).
    """
    reference = find_reference(run, config)
    if reference is None:
        return None
    try:
        saved = read_predictions(reference.path / PREDICTIONS)
        theirs = saved.correct_on(rows, true, saved.classes)
    except DataError as error:
        logger.warning("the reference baseline is left out: %s", error.cause)
        return None
    return compare_with(str(reference.path), theirs, correct, rows + 1)


def gap_on_rows(
    run: Run, rows: LabelledRows, tokenized: TokenizedTexts, accuracy: float
) -> BaselineGap | None:
    """How a run's accuracy on labelled rows stands against the baseline beside it.

    On a split of the run's data the baseline's accuracy is the one that its run folder stores; on a
    file the baseline is scored too. None where there is no baseline beside the run, where it cannot
    be read (a warning says why), and for a run that is a baseline itself.

    Args:
        run: the run that was scored.
        rows: what it was scored on.
        tokenized: the rows' texts as the run reads them.
        accuracy: the run's accuracy on the rows, 0 to 1.
    """
    reference = None if isinstance(run, Baseline) else find_reference(run.path, run.config)
    if reference is None:
        return None
    if rows.is_split:
        stored = reference.accuracies.get(rows.name)
        return None if stored is None else reference.gap(accuracy, stored)
    try:
        baseline = load_run(reference.path, build_device("cpu"))
    except ArtifactError as error:
        logger.warning("the reference baseline is left out: %s", error.cause)
        return None
    if not same_tokens(run.config.text, baseline.config.text):
        tokenized = rows.tokenized(baseline.config)
    correct = rows.correct(baseline.predict(tokenized, rows.rows))
    return reference.gap(accuracy, float(correct.mean()))


def correct_of_other(
    other: Path, run: Run, rows: LabelledRows, device: torch.device, *, progress: bool = False
) -> Booleans:
    """Which labelled rows another run, or predictions that were saved, get right, shape (rows,).

    Args:
        other: a run folder, or a file that `evaluate --predictions` or a training wrote.
        run: the run that is compared with it.
        rows: what both are scored on.
        device: where the other run computes.
        progress: a bar while tokenising, not lines of the log.

    Raises:
        ArtifactError: a run folder that cannot be read.
        DataError: a file that cannot be read, or predictions of other rows or classes.
    """
    names = run.labels.names
    if not other.is_dir():
        true = [str(run.labels.label_of(target)) for target in rows.true]
        return read_predictions(other).correct_on(rows.rows, true, names)
    model = load_run(other, device)
    if model.labels.label_sets != run.labels.label_sets or model.labels.names != names:
        raise DataError(
            f"{other}: has the classes {', '.join(model.labels.names)}; {run.path} has "
            f"{', '.join(names)}",
            hint="compare runs of the same classes",
        )
    tokenized = rows.tokenized(model.config, progress=progress)
    logger.info("scoring %s texts with %s", f"{len(rows.rows):,}", other)
    return rows.correct(model.predict(tokenized, rows.rows))


def _is_another(folder: Path, run: Path) -> bool:
    beside = (folder / KIND).is_file() and folder.name != run.name
    return beside and not folder.is_symlink() and not folder.name.endswith(PARTIAL)


def _read(folder: Path, data: str, config: Config) -> Reference | None:
    if read_kind(folder) != BASELINE:
        return None
    check_complete(folder, (KIND, CONFIG, METADATA, METRICS))
    theirs = load_run_config(folder).data
    same = all(getattr(theirs, key) == getattr(config.data, key) for key in SAME_SPLIT)
    if not same or read_metadata(folder).get("data_fingerprint") != data:
        return None
    metrics = read_object(folder / METRICS)
    scored = {name: value for name, value in metrics.items() if isinstance(value, dict)}
    return Reference(
        folder,
        {
            split: float(scores["accuracy"])
            for split, scores in scored.items()
            if isinstance(scores.get("accuracy"), int | float)
        },
    )
