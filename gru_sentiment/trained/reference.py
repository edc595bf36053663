"""The baseline run beside a run, and how the run stands against it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gru_sentiment.artifact.contents import (
    check_complete,
    load_run_config,
    read_kind,
    read_object,
)
from gru_sentiment.artifact.files import BASELINE, CONFIG, KIND, METADATA, METRICS, PARTIAL
from gru_sentiment.config.sections import Config
from gru_sentiment.errors import ArtifactError
from gru_sentiment.results.evaluation import BaselineGap
from gru_sentiment.trained.reader import read_metadata

logger = logging.getLogger(__name__)

SAME_SPLIT = ("validation_size", "test_size", "train_size", "seed")
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

    Of several, the best on the validation part. A baseline that cannot be read is told of and left
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
            logger.warning("the baseline beside is left out: %s", error.cause)
            continue
        if reference is not None:
            found.append(reference)
    return max(found, key=lambda reference: reference.accuracies.get(CHOSEN_BY, 0), default=None)


def gaps_to_reference(
    run: Path, config: Config, accuracies: Mapping[str, float]
) -> dict[str, BaselineGap]:
    """How the run's accuracies by split stand against the baseline beside it, if there is one."""
    reference = find_reference(run, config)
    if reference is None:
        return {}
    return {
        split: reference.gap(accuracy, reference.accuracies[split])
        for split, accuracy in accuracies.items()
        if split in reference.accuracies
    }


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
