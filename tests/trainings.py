"""Trainings in tests: run, stopped at a step, and their outcomes without the clock."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gru_sentiment.cli.progress import SilentProgress
from gru_sentiment.config.loading import load_config
from gru_sentiment.recipes import train as recipe
from gru_sentiment.results.metrics import Metrics
from gru_sentiment.results.training import EvaluationRecord, StepRecord

CLOCK = {"elapsed_s", "tokens_per_s"}
"""Values that no two trainings have in common."""

LEARNED = ["training.learning_rate=0.1", "training.epochs=4"]
"""Enough for predictions that differ from text to text."""


class StoppedError(Exception):
    """What the tests stop a training with: as sudden as a death."""


class Stopping:
    """Counts the batches and evaluations of a whole training and stops at one of them."""

    def __init__(self, at: int | None = None, stop: Callable[[], None] | None = None) -> None:
        self.at, self.seen, self.stop = at, 0, stop

    def on_step(self, record: StepRecord) -> None:
        self._count()

    def on_evaluation(self, record: EvaluationRecord) -> None:
        self._count()

    def _count(self) -> None:
        self.seen += 1
        if self.seen == self.at:
            if self.stop is None:
                raise StoppedError
            self.stop()


def train(config: Path, *overrides: str, observer: Any = None, **options: Any) -> Path:
    """The folder of a run."""
    settings = load_config(config, overrides)
    return Path(recipe.train(settings, observer or SilentProgress(), **options).run)


def read_json(path: Path) -> Any:
    return json.loads(path.read_bytes())


def read_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def without_clock(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: without_clock(value) if isinstance(value, dict) else value
        for name, value in values.items()
        if name not in CLOCK
    }


def plain(metrics: Metrics | dict[str, Any]) -> dict[str, Any]:
    """Scores without what the clock says."""
    return without_clock(metrics.to_json() if isinstance(metrics, Metrics) else metrics)


def history(run: Path) -> list[dict[str, Any]]:
    """metrics.jsonl without what the clock says."""
    return list(map(without_clock, read_lines(run / "metrics.jsonl")))


def outcome(run: Path) -> tuple[bytes, list[dict[str, Any]], dict[str, bytes], Any]:
    """What a training leaves: weights, history, predictions and scores."""
    scores = read_json(run / "metrics.json")
    return (
        (run / "model.safetensors").read_bytes(),
        history(run),
        {path.name: path.read_bytes() for path in run.glob("predictions-*.jsonl")},
        {name: plain(v) if isinstance(v, dict) else v for name, v in scores.items()},
    )
