"""What a threshold is chosen by, as it is written on the command line."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from gru_sentiment.errors import ConfigError
from gru_sentiment.results.predictions import Decision

WITH_MINIMUM = ("precision", "recall")
"""Metrics that are given a minimum; the others are made as large as possible."""
FORMS = "accuracy, f1, precision=NUMBER or recall=NUMBER; all but accuracy may name a class"


@dataclass(frozen=True)
class Criterion:
    """A metric of one of two classes, which the chosen threshold maximises or brings to a minimum.

    Of the thresholds that reach a minimum precision, the one with the largest recall is chosen, and
    the other way round.
    """

    text: str
    """As it was written."""
    metric: str
    """`accuracy`, `f1`, `precision` or `recall`."""
    of: int
    """Index of the class that the metric is of: 0 or 1."""
    at_least: float | None = None
    """The minimum, for precision and recall; None for accuracy and F1."""


def check_decision(decision: Decision, classes: Sequence[str], *, label_sets: bool = False) -> None:
    """Check that a threshold, and a probability to abstain below, can decide between these classes.

    Args:
        decision: how labels follow from probabilities.
        classes: of the run.
        label_sets: whether each of them is predicted by itself.

    Raises:
        ConfigError: one does not lie between 0 and 1, there are not two classes for a threshold, or
            the label of what is undecided is a class.
    """
    threshold, abstain = decision.threshold, decision.abstain
    if label_sets and abstain:
        raise ConfigError(
            "--abstain: the run predicts any number of classes for a text, and may predict none",
            hint="raise --threshold, the probability from which on a class is predicted",
        )
    if threshold is not None:
        if not label_sets:
            _check_two(classes)
        if not 0 < threshold < 1:
            raise ConfigError(
                f"--threshold {threshold:g}: expected a number between 0 and 1",
                hint="gru-sent evaluate --threshold f1 finds one",
            )
    if not 0 <= abstain <= 1:
        raise ConfigError(
            f"--abstain {abstain:g}: expected a probability between 0 and 1",
            hint="for example 0.8: below that no class is predicted",
        )
    if decision.undecided in classes:
        raise ConfigError(
            f"--undecided {decision.undecided}: is a class of this run", hint="choose another name"
        )


def parse_criterion(text: str, classes: Sequence[str]) -> Criterion:
    """Read `accuracy`, `f1`, `precision=0.95` or `recall=0.9`; `f1.CLASS` and so on name a class.

    Without a class, the metric is that of the second one.

    Raises:
        ConfigError: the text has none of these forms, names no class of the run, or there are not
            two classes.
    """
    _check_two(classes)
    name, written = text, ""
    if text.startswith(WITH_MINIMUM):
        name, _, written = text.rpartition("=")
    metric, dot, of = name.partition(".")
    if metric not in {"accuracy", "f1", *WITH_MINIMUM} or (metric == "accuracy" and dot):
        raise ConfigError(f"--threshold {text}: cannot be understood", hint=f"give {FORMS}")
    if dot and of not in classes:
        raise ConfigError(
            f"--threshold {text}: there is no class {of!r}", hint=f"classes: {', '.join(classes)}"
        )
    return Criterion(
        text,
        metric,
        of=classes.index(of) if dot else 1,
        at_least=_minimum(text, written) if metric in WITH_MINIMUM else None,
    )


def _check_two(classes: Sequence[str]) -> None:
    if len(classes) != 2:
        raise ConfigError(
            f"--threshold: the run has {len(classes)} classes: {', '.join(classes)}",
            hint="a threshold decides between two classes; leave it out",
        )


def _minimum(text: str, written: str) -> float:
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
