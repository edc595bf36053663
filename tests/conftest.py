"""What all tests share: no cache of the user's, one thread, tiny data."""

from __future__ import annotations

import os
import random
import signal
from pathlib import Path

os.environ["GOMP_SPINCOUNT"] = "2000"
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import pytest
import torch

torch.set_num_threads(1)
# a shell lets what it starts in the background ignore Ctrl-C
signal.signal(signal.SIGINT, signal.default_int_handler)

GOOD = ["wonderful", "great", "loved", "superb", "touching"]
BAD = ["awful", "boring", "hated", "dreadful", "dull"]
FILLER = ["the", "film", "plot", "acting", "was", "and", "with", "a", "story", "music"]


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Tests neither read nor fill the user's cache of tokenised texts."""
    os.environ["GRU_SENT_CACHE"] = str(tmp_path_factory.mktemp("cache"))


def tiny_reviews(n: int, seed: int = 0) -> list[tuple[str, str]]:
    """`n` distinct texts of 5 to 30 words that a small model can tell apart, with their labels."""
    generator = random.Random(seed)
    reviews = []
    for i in range(n):
        label, words = [("negative", BAD), ("positive", GOOD)][i % 2]
        text = [*generator.choices(FILLER, k=generator.randint(4, 28)), generator.choice(words)]
        generator.shuffle(text)
        reviews.append((f"{' '.join(text)} number{i}", label))
    return reviews


def write_csv(path: Path, reviews: list[tuple[str, str]], header: str = "text,label") -> Path:
    """A csv of reviews that hold neither commas nor quotes."""
    path.write_text(
        header + "\n" + "".join(f"{text},{label}\n" for text, label in reviews), "utf-8"
    )
    return path


@pytest.fixture
def reviews_csv(tmp_path: Path) -> Path:
    """80 labelled reviews."""
    return write_csv(tmp_path / "reviews.csv", tiny_reviews(80))


TINY_CONFIG = """\
data: {{source: files, path: {path}, validation_size: 0.2, test_size: 0.2}}
text: {{max_tokens: 20, head_tokens: 10, min_frequency: 1}}
vectors: {{source: none, dimension: 8}}
model: {{cell: gru, hidden_size: 8}}
training: {{epochs: 2, batch_size: 8, learning_rate: 0.03}}
run: {{threads: 1}}
"""


@pytest.fixture
def tiny_config(tmp_path: Path, reviews_csv: Path) -> Path:
    """A config that trains on the 80 reviews in about a second."""
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY_CONFIG.format(path=reviews_csv), "utf-8")
    return path
