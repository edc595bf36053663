"""What all tests share: an empty folder each, no cache of the user's, one thread, tiny data."""

from __future__ import annotations

import os
import random
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

os.environ["GOMP_SPINCOUNT"] = "2000"
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import pytest
import torch
from hypothesis import settings
from hypothesis.configuration import set_hypothesis_home_dir

from gru_sentiment.artifact.manifest import named, write_manifest

ROOT = Path(__file__).parents[1]

torch.set_num_threads(1)
# a shell lets what it starts in the background ignore Ctrl-C
signal.signal(signal.SIGINT, signal.default_int_handler)
# or it would keep its failures in the temporary folder of the first test
set_hypothesis_home_dir(ROOT / ".hypothesis")
# a commit passes or fails by what it changes, not by what is drawn; the profile `random` draws anew
settings.register_profile("same", derandomize=True)
settings.register_profile("random", derandomize=False)
settings.load_profile("same")

GOOD = ["wonderful", "great", "loved", "superb", "touching"]
BAD = ["awful", "boring", "hated", "dreadful", "dull"]
FILLER = ["the", "film", "plot", "acting", "was", "and", "with", "a", "story", "music"]


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Tests neither read nor fill the user's cache of tokenised texts."""
    os.environ["GRU_SENT_CACHE"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(autouse=True, scope="session")
def _quick_disk() -> Iterator[None]:
    """No test survives a power cut: nothing waits for the disk, which took a third of a training.

    Tests of what is synced and when put a function of their own in its place.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)
        yield


def listing(folder: Path) -> dict[str, tuple[int, str | None]]:
    """When a folder and its entries last changed, and where its links lead."""
    paths = [folder, *folder.iterdir()] if folder.is_dir() else []
    return {
        path.name: (path.lstat().st_mtime_ns, os.readlink(path) if path.is_symlink() else None)
        for path in paths
    }


@pytest.fixture(autouse=True, scope="session")
def _runs_stay_untouched() -> Iterator[None]:
    """The user's runs are neither changed nor joined by others."""
    before = listing(ROOT / "runs")
    yield
    assert listing(ROOT / "runs") == before, "a test, or a training meanwhile, changed runs/"


@pytest.fixture(autouse=True, scope="session")
def _outside_the_checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Where fixtures of a module or the session work."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("session"))
        yield


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test works in an empty folder of its own."""
    monkeypatch.chdir(tmp_path)


def tiny_reviews(n: int, seed: int = 0) -> list[tuple[str, str]]:
    """`n` distinct texts of 6 to 14 words that a small model can tell apart, with their labels."""
    generator = random.Random(seed)
    reviews = []
    for i in range(n):
        label, words = [("negative", BAD), ("positive", GOOD)][i % 2]
        text = [*generator.choices(FILLER, k=generator.randint(4, 12)), generator.choice(words)]
        generator.shuffle(text)
        reviews.append((f"{' '.join(text)} number{i}", label))
    return reviews


def write_csv(path: Path, reviews: list[tuple[str, str]], header: str = "text,label") -> Path:
    """A csv of reviews that hold neither commas nor quotes."""
    path.write_text(
        header + "\n" + "".join(f"{text},{label}\n" for text, label in reviews), "utf-8"
    )
    return path


TINY_CONFIG = """\
data: {{source: files, path: {path}, validation_size: 0.2, test_size: 0.2}}
text: {{max_tokens: 20, head_tokens: 10, min_frequency: 1}}
vectors: {{source: none, dimension: 8}}
model: {{cell: gru, hidden_size: 8}}
training: {{epochs: 2, batch_size: 8, learning_rate: 0.03}}
run: {{threads: 1}}
"""


def write_tiny(folder: Path, n: int = 80) -> Path:
    """`n` reviews in reviews.csv, and tiny.yaml, a config that trains on them in no time."""
    write_csv(folder / "reviews.csv", tiny_reviews(n))
    path = folder / "tiny.yaml"
    path.write_text(TINY_CONFIG.format(path="reviews.csv"), "utf-8")
    return path


@pytest.fixture
def reviews_csv(tiny_config: Path) -> Path:
    """80 labelled reviews."""
    return tiny_config.with_name("reviews.csv")


@pytest.fixture
def tiny_config(tmp_path: Path) -> Path:
    """A config that trains on the 80 reviews."""
    return write_tiny(tmp_path)


@pytest.fixture(scope="session")
def learned_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose predictions differ from text to text, trained once; tests only read it."""
    from trainings import LEARNED, train

    folder = tmp_path_factory.mktemp("learned")
    return train(write_tiny(folder), *LEARNED, f"run.output={folder / 'run'}")


@pytest.fixture
def run(learned_run: Path, tiny_config: Path) -> Path:
    """The same run as the latest of a test of its own, beside its config and its data."""
    copy = Path("runs/tiny")
    shutil.copytree(learned_run, copy)
    config = copy / "config.yaml"
    own = config.read_text("utf-8").replace(str(learned_run.parent), str(tiny_config.parent))
    config.write_text(own, "utf-8")
    write_manifest(copy, named(copy))
    Path("runs/latest").symlink_to("tiny")
    return copy
