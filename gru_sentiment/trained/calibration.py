"""What a run stores beside its weights: temperature, prior, weights of members, thresholds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from gru_sentiment.arrays import Floats
from gru_sentiment.artifact.contents import read_object
from gru_sentiment.artifact.files import AGAIN, CALIBRATION
from gru_sentiment.artifact.manifest import named, verify
from gru_sentiment.data.labels import Labels
from gru_sentiment.errors import ArtifactError
from gru_sentiment.postprocess.calibration import HIGHEST, LOWEST
from gru_sentiment.postprocess.fusion import MAX_WEIGHT
from gru_sentiment.trained.calibrated import Calibration


def load_calibration(folder: Path, labels: Labels, *, ngrams: bool) -> Calibration:
    """The calibration of a network, with or without n-grams beside it.

    Raises:
        ArtifactError: see `load_temperature`.
    """
    return Calibration(
        load_temperature(folder),
        load_prior(folder, len(labels)),
        load_weights(folder) if ngrams else None,
        load_thresholds(folder, len(labels)) if labels.label_sets else None,
    )


def load_temperature(folder: Path) -> float:
    """The temperature of a run's probabilities: 1 for a run that was written without one.

    Raises:
        ArtifactError: the file is missing, not the one that was written, or holds none.
    """
    path = folder / CALIBRATION
    known = _calibration(folder)
    if known is None:
        return 1.0
    value: Any = known.get("temperature")
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not LOWEST <= value <= HIGHEST:
        raise ArtifactError(
            f"{path}: temperature is {str(value)[:20]}, expected {LOWEST} to {HIGHEST:.0f}",
            hint=AGAIN,
        )
    return float(value)


def load_prior(folder: Path, classes: int) -> Floats | None:
    """The shares of the classes in a run's training split, shape (classes,); None if not stored.

    Raises:
        ArtifactError: see `load_temperature`; or there is no share of each class.
    """
    value = (_calibration(folder) or {}).get("prior")
    if value is None:
        return None
    shares = value if isinstance(value, list) else []
    if len(shares) != classes or not all(isinstance(s, float) and 0 < s < 1 for s in shares):
        raise ArtifactError(
            f"{folder / CALIBRATION}: prior is {str(value)[:40]}, expected the shares of "
            f"{classes} classes",
            hint=AGAIN,
        )
    return np.array(shares)


def load_weights(folder: Path) -> Floats:
    """The weights of network and n-grams, shape (2,).

    Raises:
        ArtifactError: see `load_temperature`; or there are none.
    """
    value = (_calibration(folder) or {}).get("weights")
    weights = value if isinstance(value, list) else []
    fine = [isinstance(w, int | float) and 0 <= w <= MAX_WEIGHT for w in weights]
    if len(weights) != 2 or not all(fine):
        raise ArtifactError(
            f"{folder / CALIBRATION}: weights are {str(value)[:40]}, expected those of network and "
            "n-grams",
            hint=AGAIN,
        )
    return np.array(weights, np.float64)


def load_thresholds(folder: Path, classes: int) -> Floats:
    """From which probability on each class of a label set is predicted, shape (classes,).

    Raises:
        ArtifactError: see `load_temperature`; or there is no threshold for each class.
    """
    value = (_calibration(folder) or {}).get("thresholds")
    thresholds = value if isinstance(value, list) else []
    if len(thresholds) != classes or not all(
        isinstance(t, float) and 0 < t < 1 for t in thresholds
    ):
        raise ArtifactError(
            f"{folder / CALIBRATION}: thresholds are {str(value)[:40]}, expected one for each of "
            f"{classes} classes",
            hint=AGAIN,
        )
    return np.array(thresholds)


def _calibration(folder: Path) -> dict[str, Any] | None:
    """What calibration.json holds; None for a run that was written without one.

    Raises:
        ArtifactError: the file is missing, not the one that was written, or holds no object.
    """
    if not (folder / CALIBRATION).exists() and CALIBRATION not in named(folder):
        return None
    verify(folder, [CALIBRATION])
    return read_object(folder / CALIBRATION)
