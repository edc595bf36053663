"""A long stream of predictions: is the memory flat?

    python scripts/soak.py RUN --minutes 60

Reads the packaged reviews again and again, each with a word that was never seen before, in batches
of changing size, and prints a line a minute: reviews so far, reviews a second, resident memory.
"""

from __future__ import annotations

import argparse
import re
import time
from itertools import count
from pathlib import Path

import numpy as np
import torch
from measuring.reviews import packaged_reviews

from gru_sentiment.builders.corpus import build_tokenizer
from gru_sentiment.trained.reader import load_run

STATUS = Path("/proc/self/status")


def main() -> None:
    """Predict until the time is up."""
    parser = argparse.ArgumentParser(description="Predict for a long time and watch the memory.")
    parser.add_argument("run", type=Path)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    run = load_run(options.run, torch.device("cpu"))
    tokenizer, texts = build_tokenizer(run.config.text), packaged_reviews().texts
    generator, number = np.random.default_rng(0), count()
    started = shown = time.perf_counter()
    answered = 0
    while time.perf_counter() - started < 60 * options.minutes:
        chosen = generator.integers(len(texts), size=int(generator.integers(1, 200)))
        batch = [f"{texts[i]} unheardof{next(number)}" for i in chosen]
        answers = run.predict(tokenizer.many(batch), np.arange(len(batch)))
        answered += len(answers.predictions(run.labels))
        if time.perf_counter() - shown >= 60:
            shown = time.perf_counter()
            minutes = (shown - started) / 60
            rate = answered / (shown - started)
            print(
                f"{minutes:.0f} min, {answered:,} reviews, {rate:.0f}/s, {_resident()} MiB",
                flush=True,
            )


def _resident() -> int:
    found = re.search(r"VmRSS:\s+(\d+) kB", STATUS.read_text("utf-8"))
    return int(found[1]) // 1024 if found else 0


if __name__ == "__main__":
    main()
