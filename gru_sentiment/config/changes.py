"""Differences between two configs, and which keys may change on resume."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from gru_sentiment.config.sections import SCHEDULES_OF_ALL_STEPS, Config
from gru_sentiment.errors import ConfigError

ONE_WAY: dict[str, tuple[Callable[[float, float], bool], str]] = {
    "training.epochs": (operator.ge, "raised"),
    "training.patience": (operator.ge, "raised or set to null"),
    "training.stop_at_loss": (operator.le, "lowered or set to null"),
}
"""Stopping rules that may only be loosened on resume, and in what direction. A tighter rule might
have ended the training before."""
EXTENDABLE = {
    *ONE_WAY,
    "model.ngrams",
    "training.max_minutes",
    "training.on_non_finite",
    "run.checkpoint_every",
    "run.keep_checkpoint",
    "run.processes",
}
"""Keys that may change on resume, because they change nothing that was trained so far. A budget of
minutes may be tightened too: it ends the training after the current epoch, and no two trainings
take the same time. N-grams are fitted after the last epoch, and the network does not depend on
them."""
IGNORED = {"run.output"}


def check_extension(before: Config, after: Config) -> list[str]:
    """Describe the changes of the config of a training that is resumed.

    Raises:
        ConfigError: a change would have changed what was trained so far.
    """
    changes = changes_between(before, after)
    words = {key: f"{key}: {old} in the run, {new} now" for key, (old, new) in changes.items()}
    problems = [problem for key, problem in words.items() if key not in EXTENDABLE]
    problems += [
        f"{words[key]}; it can only be {how} when a training is resumed"
        for key, (is_looser, how) in ONE_WAY.items()
        if key in changes and not _loosened(*changes[key], is_looser)
    ]
    if after.training.epochs > before.training.epochs:
        problems += _schedule_problems(before)
    if problems:
        raise ConfigError(
            "\n".join(problems),
            hint=f"these keys may change on resume: {', '.join(sorted(EXTENDABLE))}",
        )
    return list(words.values())


def _loosened(
    old: float | None, new: float | None, is_looser: Callable[[float, float], bool]
) -> bool:
    """Whether the new rule never stops a training where the old one does not; null never stops."""
    return new is None or (old is not None and is_looser(new, old))


def _schedule_problems(before: Config) -> list[str]:
    old, schedule = before.training.epochs, before.training.schedule
    if schedule in SCHEDULES_OF_ALL_STEPS:
        return [
            f"training.epochs: the schedule {schedule} was laid out for {old} epochs; only "
            "constant and reduce_on_plateau can be extended"
        ]
    return []


def changes_between(before: Config, after: Config) -> dict[str, tuple[Any, Any]]:
    """Map each dotted key that differs to its old and new value; the run folder is left out."""
    old, new = _flat(before), _flat(after)
    return {
        key: (old.get(key), new.get(key))
        for key in old | new
        if old.get(key) != new.get(key) and key not in IGNORED
    }


def _flat(config: Config) -> dict[str, Any]:
    sections = config.model_dump(mode="json")
    return {
        f"{section}.{key}": value
        for section, values in sections.items()
        for key, value in (values or {}).items()
    }
