"""Where the second of two classes begins: a threshold for its probability."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gru_sentiment.arrays import Booleans, Floats, Integers
from gru_sentiment.errors import ConfigError, DataError
from gru_sentiment.results.evaluation import ThresholdScores

USUAL = 0.5
BELOW_ONE = math.nextafter(1, 0)
COUNTERPART = {"precision": "recall", "recall": "precision"}
"""What is made large where the other is only to be reached."""
FORMS = "accuracy, f1, precision=NUMBER or recall=NUMBER; all but accuracy may name a class"


@dataclass(frozen=True)
class Wish:
    """What a threshold is chosen by."""

    text: str
    """As it was written."""
    metric: str
    of: int
    """Index of the class whose metric it is."""
    at_least: float | None = None
    """What is to be reached; None where the metric is to be as large as can be."""


def check_threshold(threshold: float, classes: Sequence[str]) -> None:
    """Whether a threshold can decide between these classes.

    Raises:
        ConfigError: it is not between 0 and 1, or there are not two classes.
    """
    _check_two(classes)
    if not 0 < threshold < 1:
        raise ConfigError(
            f"--threshold {threshold:g}: expected a number between 0 and 1",
            hint="gru-sent evaluate --threshold f1 finds one",
        )


def parse_wish(text: str, classes: Sequence[str]) -> Wish:
    """`accuracy`, `f1`, `precision=0.95` or `recall=0.9`; `f1.CLASS` and so on for one class.

    Without a class the second is meant.

    Raises:
        ConfigError: not of that form, no such class, or there are not two classes.
    """
    _check_two(classes)
    name, written = text, ""
    if text.startswith(tuple(COUNTERPART)):
        name, _, written = text.rpartition("=")
    metric, dot, of = name.partition(".")
    if metric not in {"accuracy", "f1", *COUNTERPART} or (metric == "accuracy" and dot):
        raise ConfigError(f"--threshold {text}: cannot be understood", hint=f"give {FORMS}")
    if dot and of not in classes:
        raise ConfigError(
            f"--threshold {text}: there is no class {of!r}", hint=f"classes: {', '.join(classes)}"
        )
    return Wish(
        text,
        metric,
        of=classes.index(of) if dot else 1,
        at_least=_share(text, written) if metric in COUNTERPART else None,
    )


def find_threshold(probabilities: Floats, labels: Integers, wish: Wish) -> float:
    """The threshold that meets a wish best; a row is of the second class from it on.

    By accuracy or F1 the one where that is largest. By a precision the one with the largest recall
    among those that reach it, by a recall the one with the largest precision. Of equally good ones
    the nearest to 0.5, as a number of few digits.

    Args:
        probabilities: of the second class, shape (rows,).
        labels: class indices, shape (rows,).
        wish: what it is chosen by.

    Raises:
        DataError: what is wished for is not reached, or the class has no rows.
    """
    if not (labels == wish.of).any():
        raise DataError(
            f"--threshold {wish.text}: no validation row is of that class",
            hint="train with a larger data.validation_size",
        )
    # one threshold below every distinct probability and one above all, if between 0 and 1
    distinct = np.unique(probabilities)
    low, high = np.append(0, distinct), np.minimum(np.append(distinct, 1), BELOW_ONE)
    possible = low < high
    low, high = low[possible], high[possible]
    scores = _scores(probabilities, labels, high, wish.of)
    reached = scores[wish.metric]
    first, second = reached, reached
    if wish.at_least is not None:
        if not (reached >= wish.at_least).any():
            raise DataError(
                f"--threshold {wish.text}: no threshold reaches it on the validation part; the "
                f"best one reaches {reached.max():.6g}",
                hint=f"wish for less: {wish.text.rpartition('=')[0]}=NUMBER",
            )
        first = np.where(reached >= wish.at_least, scores[COUNTERPART[wish.metric]], -1)
    distance = np.maximum(np.maximum(low - USUAL, USUAL - high), 0)
    best = np.lexsort((distance, -second, -first))[0]
    return _between(float(low[best]), float(high[best]))


def scores_at(
    data: str, probabilities: Floats, labels: Integers, threshold: float, of: int
) -> ThresholdScores:
    """Scores of rows that are of the second class where it has at least this probability.

    Args:
        data: what the rows are.
        probabilities: of the second class, shape (rows,).
        labels: class indices, shape (rows,).
        threshold: of the probability.
        of: index of the class that precision, recall and F1 are of.
    """
    found = _scores(probabilities, labels, np.array([threshold]), of)
    return ThresholdScores(data, threshold, **{name: float(of[0]) for name, of in found.items()})


def _scores(
    probabilities: Floats, labels: Integers, thresholds: Floats, of: int
) -> dict[str, Floats]:
    """Every metric at every threshold, shape (thresholds,); 0 where there is nothing to share."""

    def claimed(rows: Booleans) -> Integers:
        """How many of the rows are called `of`."""
        below = np.searchsorted(np.sort(probabilities[rows]), thresholds, side="left")
        return below if of == 0 else np.count_nonzero(rows) - below

    true = labels == of
    right, wrong = claimed(true), claimed(~true)
    rows, others = np.count_nonzero(true), np.count_nonzero(~true)
    return {
        "accuracy": (right + others - wrong) / len(labels),
        "precision": right / np.maximum(right + wrong, 1),
        "recall": right / np.maximum(rows, 1),
        "f1": 2 * right / np.maximum(right + wrong + rows, 1),
    }


def _between(low: float, high: float) -> float:
    """A number above `low` and not above `high`: 0.5, else the middle to as few digits as do."""
    if low < USUAL <= high:
        return USUAL
    middle = (low + high) / 2
    rounded = (round(middle, digits) for digits in range(1, 17))
    return next((number for number in rounded if low < number <= high), high)


def _check_two(classes: Sequence[str]) -> None:
    if len(classes) != 2:
        raise ConfigError(
            f"--threshold: the run tells {len(classes)} classes apart: {', '.join(classes)}",
            hint="a threshold decides between two; leave it out",
        )


def _share(text: str, written: str) -> float:
    try:
        number = float(written)
    except ValueError:
        number = math.nan
    if not 0 < number <= 1:
        raise ConfigError(
            f"--threshold {text}: expected a number above 0 and up to 1",
            hint=f"give {FORMS}",
        )
    return number
