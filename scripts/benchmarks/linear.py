"""Section 5: what one would take instead, on the same split in the same run.

Three linear models, each with settings that served best of a few on this very validation part,
which flatters them. A linear model is fitted from texts in memory, vectoriser included; ours is a
whole training from the texts to the run folder with nothing cached, its evaluations included.
"""

from __future__ import annotations

import importlib.util
import statistics
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from measuring.default_run import CONFIG, Training, train
from measuring.reviews import packaged_reviews
from measuring.settings import Settings
from measuring.tables import table
from measuring.timing import Action, Rounds, Spread, alternate, timed

import gru_sentiment
from gru_sentiment.artifact.files import NEEDED
from gru_sentiment.builders.dataset import build_records, build_splits
from gru_sentiment.config.loading import load_config
from gru_sentiment.data.labels import Labels

if TYPE_CHECKING:
    from peers.linear import LinearModel

OURS, FASTTEXT = "ours, configs/gru.yaml", "fastText supervised"
MOST_ROUNDS = 3
BUDGET_S = 240.0
N_REVIEWS_QUICK = 700


@dataclass(frozen=True)
class Part:
    """Texts and their class indices."""

    texts: list[str]
    classes: np.ndarray[Any, np.dtype[np.int64]]


class _Fitting:
    """Fits every model, in turns, and keeps the last one of each."""

    def __init__(self, settings: Settings) -> None:
        from peers.linear import linear_models

        self.settings, self.overrides = settings, _overrides(settings)
        self.learned, self.held_out = _parts(self.overrides)
        self.makers = linear_models()
        self.models: dict[str, LinearModel] = {}
        self.trainings: list[Training] = []
        self.accuracies: dict[str, list[float]] = {name: [] for name in (*self.makers, OURS)}

    def run(self) -> Rounds:
        """Seconds from texts to trained models."""
        actions: dict[str, Action] = {name: partial(self._fit, name) for name in self.makers}
        rounds = 1 if self.settings.quick else min(self.settings.rounds, MOST_ROUNDS)
        return alternate(
            actions | {OURS: self._train}, rounds=rounds, warm_up=False, budget_s=BUDGET_S
        )

    def _ours(self, run: Path) -> object:
        return gru_sentiment.load(run, threads=self.settings.threads).predict(self.held_out.texts)

    def predict(self) -> Rounds:
        """Seconds from texts to predictions."""
        texts, run = self.held_out.texts, self.trainings[-1].path
        actions: dict[str, Action] = {
            name: partial(timed, partial(model.predict, texts))
            for name, model in self.models.items()
        }
        actions[OURS] = partial(timed, partial(self._ours, run))
        return alternate(actions, rounds=self.settings.rounds)

    def sizes(self) -> dict[str, int]:
        """Bytes that every model takes on the disk."""
        path, run = self.settings.work / "model", self.trainings[-1].path
        found = {}
        for name, model in self.models.items():
            model.save(path)
            found[name] = path.stat().st_size
        return found | {OURS: sum((run / name).stat().st_size for name in NEEDED)}

    def _fit(self, name: str) -> float:
        _say("fitting", name)
        model = self.makers[name](self.settings.threads)
        seconds = timed(partial(model.fit, self.learned.texts, self.learned.classes))
        right = model.predict(self.held_out.texts) == self.held_out.classes
        self.accuracies[name].append(float(right.mean()))
        self.models[name] = model
        return seconds

    def _train(self) -> float:
        _say("training", OURS)
        training = train(self.settings, self.settings.work / "default", self.overrides)
        self.accuracies[OURS].append(training.validation_accuracy)
        self.trainings.append(training)
        return float(training.metadata["total_s"])


def measure(settings: Settings) -> dict[str, Any]:
    """Seconds to a trained model, accuracy, reviews a second and size of every model.

    Raises:
        SystemExit: scikit-learn is missing.
    """
    if importlib.util.find_spec("sklearn") is None:
        raise SystemExit("section linear: needs scikit-learn: pip install -e .")
    fitting = _Fitting(settings)
    seconds = fitting.run()
    _say("predicting")
    predictions, sizes = fitting.predict(), fitting.sizes()
    n_train, n_validation = len(fitting.learned.texts), len(fitting.held_out.texts)
    return {
        "reviews": {"train": n_train, "validation": n_validation},
        "skipped": [] if FASTTEXT in fitting.makers else [f"{FASTTEXT}: not installed"],
        "ours_process_s": Spread.of(run.process.seconds for run in fitting.trainings),
        "ours_peak_mib": max(run.process.peak_mib for run in fitting.trainings),
        "models": [
            {
                "model": name,
                "seconds": seconds.spread(name),
                "in_ours": seconds.ratio(name, OURS),
                "accuracy": statistics.median(accuracies),
                "reviews_per_s": predictions.rate(name, n_validation),
                "mib": sizes[name] / 2**20,
            }
            for name, accuracies in fitting.accuracies.items()
        ],
    }


def report(result: dict[str, Any]) -> str:
    """The section in Markdown."""
    rows = [
        {
            "model": row["model"],
            "texts to trained model, s": row["seconds"],
            "in seconds of ours": row["in_ours"],
            "validation accuracy": f"{row['accuracy']:.4f}",
            "predicts, reviews/s": row["reviews_per_s"],
            "on disk, MiB": row["mib"],
        }
        for row in result["models"]
    ]
    process: Spread = result["ours_process_s"]
    reviews = result["reviews"]
    lines = [
        f"Fitted on {reviews['train']:,} reviews, scored on {reviews['validation']:,}; prediction "
        "from texts in memory, one process, tokenising included; ours loads its run folder "
        "too.\n\n",
        table(rows),
        f"\nOur training as a whole process: {process.median:.0f} s, its largest process held "
        f"{result['ours_peak_mib']:,.0f} MiB at most.\n",
    ]
    return "".join([*lines, *(f"\nSkipped: {reason}.\n" for reason in result["skipped"])])


def _overrides(settings: Settings) -> list[str]:
    """None but in quick runs, which take few reviews and one epoch."""
    if not settings.quick:
        return []
    file = packaged_reviews(N_REVIEWS_QUICK).write(settings.work / "few.jsonl")
    parts = ["data.validation_size=100", "data.test_size=100"]
    return ["data.source=files", f"data.path={file}", *parts, "training.epochs=1"]


def _parts(overrides: list[str]) -> tuple[Part, Part]:
    """The training and the validation part, as the train recipe divides them."""
    config = load_config(CONFIG, overrides)
    records = build_records(config.data)
    labels = Labels.found_in(records.labels)
    rows = build_splits(config.data, records, labels)
    classes = labels.indices(records.labels)
    train_part, validation_part = (
        Part(records.texts.take(rows[name]).to_pylist(), classes[rows[name]])
        for name in ("train", "validation")
    )
    return train_part, validation_part


def _say(*what: object) -> None:
    print("linear:", *what, file=sys.stderr, flush=True)
