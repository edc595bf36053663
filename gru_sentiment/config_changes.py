"""What differs between two configs, and what may differ when a training goes on."""

from __future__ import annotations

from typing import Any

from gru_sentiment.config import SCHEDULES_OF_ALL_STEPS, Config
from gru_sentiment.errors import ConfigError

EXTENDABLE = {
    "training.epochs",
    "training.max_minutes",
    "training.on_non_finite",
    "run.checkpoint_every",
    "run.keep_checkpoint",
    "run.processes",
}
"""Keys that change nothing of what was trained so far."""
IGNORED = {"run.output"}


def check_extension(before: Config, after: Config) -> list[str]:
    """The changes, in words, of a training that goes on.

    Raises:
        ConfigError: one of them would have changed what was trained so far.
    """
    changes = changes_between(before, after)
    words = {key: f"{key}: {old} in the run, {new} now" for key, (old, new) in changes.items()}
    problems = [problem for key, problem in words.items() if key not in EXTENDABLE]
    if "training.epochs" in changes:
        problems += _epoch_problems(before, after)
    if problems:
        raise ConfigError(
            "\n".join(problems),
            hint=f"a training goes on with its own config, but for {', '.join(sorted(EXTENDABLE))}",
        )
    return list(words.values())


def _epoch_problems(before: Config, after: Config) -> list[str]:
    old, new, schedule = before.training.epochs, after.training.epochs, before.training.schedule
    if new < old:
        return [f"training.epochs: {new} is fewer than the {old} of the run"]
    if schedule in SCHEDULES_OF_ALL_STEPS:
        return [
            f"training.epochs: the schedule {schedule} was laid out for {old} epochs; constant and "
            "reduce_on_plateau can be extended"
        ]
    return []


def changes_between(before: Config, after: Config) -> dict[str, tuple[Any, Any]]:
    """(old value, new value) by dotted key, where they differ; the run's folder may."""
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
