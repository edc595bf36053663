"""Section 6: the program as a user meets it, whole processes."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from measuring.default_run import PROGRAM, train
from measuring.processes import run_process
from measuring.reviews import packaged_reviews
from measuring.settings import Settings
from measuring.tables import table
from measuring.timing import Action, alternate

REVIEW = "What a waste of two hours."
N_LINES, N_LINES_QUICK = 25_000, 300
QUICK_OVERRIDES = ("data.source=files", "data.validation_size=50", "data.test_size=50")
COLD, CACHED = "gru-sent evaluate --data FILE", "the same again, words from the cache"
BUDGET_S = 240.0


def measure(settings: Settings) -> dict[str, Any]:
    """Wall time and peak memory of every command."""
    reviews = packaged_reviews(N_LINES_QUICK if settings.quick else N_LINES)
    file = reviews.write(settings.work / "scored.jsonl")
    run = settings.run or _default_run(settings, file)
    _say("timing the commands")
    peaks: dict[str, float] = {}
    actions = _actions(settings, run, file, peaks)
    found = alternate(
        actions,
        rounds=min(settings.rounds, 1) if settings.quick else settings.rounds,
        warm_up=not settings.quick,
        budget_s=BUDGET_S,
    )
    lines = {name: len(reviews.texts) for name in (COLD, CACHED)}
    return {
        "lines": len(reviews.texts),
        "given_run": settings.run is not None,
        "commands": [
            {
                "command": name,
                "seconds": found.spread(name),
                "reviews_per_s": found.rate(name, lines[name]) if name in lines else None,
                "peak_mib": peaks[name],
            }
            for name in actions
        ],
    }


def report(result: dict[str, Any]) -> str:
    """The section in Markdown."""
    rows = [
        {
            "command": f"`{row['command']}`" if row["command"] != CACHED else row["command"],
            "seconds": row["seconds"],
            "reviews/s": row["reviews_per_s"],
            "peak MiB": row["peak_mib"],
        }
        for row in result["commands"]
    ]
    model = "the run that was given" if result["given_run"] else "`configs/gru.yaml`"
    return (
        f"Whole processes; the model is {model}, FILE holds {result['lines']:,} labelled reviews; "
        "peak memory is that of the largest process.\n\n" + table(rows)
    )


def _default_run(settings: Settings, file: Path) -> Path:
    path = settings.work / "default"
    if not path.is_dir():
        _say("training the default model")
        train(settings, path, [*QUICK_OVERRIDES, f"data.path={file}"] if settings.quick else ())
    return path


def _actions(
    settings: Settings, run: Path, file: Path, peaks: dict[str, float]
) -> dict[str, Action]:
    threads = ("--threads", str(settings.threads))
    evaluate = (PROGRAM, "evaluate", run.resolve(), "--data", file, "--quiet", *threads)

    def run_once(
        name: str, command: Sequence[str | Path], environment: Mapping[str, Path] | None = None
    ) -> float:
        process = run_process(command, folder=settings.work, environment=environment)
        peaks[name] = max(peaks.get(name, 0.0), process.peak_mib)
        return process.seconds

    def run_cold() -> float:
        with tempfile.TemporaryDirectory(dir=settings.work) as cache:
            return run_once(COLD, evaluate, {"GRU_SENT_CACHE": Path(cache)})

    predict = (PROGRAM, "predict", REVIEW, "--run", run.resolve(), *threads)
    commands: dict[str, Sequence[str | Path]] = {
        "gru-sent --help": (PROGRAM, "--help"),
        "python -c 'import spacy'": (sys.executable, "-c", "import spacy"),
        'gru-sent predict "text"': predict,
    }
    actions: dict[str, Action] = {
        name: partial(run_once, name, command) for name, command in commands.items()
    }
    actions[COLD] = run_cold
    if not settings.quick:
        kept = {"GRU_SENT_CACHE": settings.work / "kept-cache"}
        run_once(CACHED, evaluate, kept)
        actions[CACHED] = partial(run_once, CACHED, evaluate, kept)
    return actions


def _say(*what: object) -> None:
    print("command_line:", *what, file=sys.stderr, flush=True)
