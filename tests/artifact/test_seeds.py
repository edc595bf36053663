"""seeds.json is written and read as it was, and refused with the reason where it is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from gru_sentiment.artifact.seeds import Seeds, read_seeds, write_seeds
from gru_sentiment.errors import ArtifactError
from gru_sentiment.trained.reader import load_run

from .runs import CONFIG_VALUE, write_run

FOLDER = Path("runs/many")


def seeds(best: str | None = "seed-1") -> Seeds:
    return Seeds(FOLDER, CONFIG_VALUE, ("seed-0", "seed-1"), best)


def test_written_and_read() -> None:
    for value in (seeds(), seeds(None)):
        write_seeds(value, {"validation.accuracy": {"mean": 0.9}})
        assert read_seeds(FOLDER) == value


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"runs": []}, "expected seed-0 and the like"),
        ({"runs": ["../other"]}, "expected seed-0 and the like"),
        ({"runs": ["a/b"]}, "expected seed-0 and the like"),
        ({"runs": [""]}, "expected seed-0 and the like"),
        ({"runs": [".."], "best": ".."}, "expected seed-0 and the like"),
        ({"runs": [1]}, "expected seed-0 and the like"),
        ({"runs": None}, "not written by this version"),
        ({"best": "seed-7"}, "best: 'seed-7' is not one of its runs: seed-0, seed-1"),
        ({"best": ["seed-0"]}, "is not one of its runs"),
        ({"config": {"model": {"cell": "tree"}}}, "not written by this version"),
        ({"config": None}, "not written by this version"),
    ],
)
def test_what_no_training_wrote(change: dict[str, Any], says: str) -> None:
    write_seeds(seeds())
    path = FOLDER / "seeds.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | change), "utf-8")
    with pytest.raises(ArtifactError, match=r"runs/many/seeds\.json: ") as caught:
        read_seeds(FOLDER)
    assert says in caught.value.cause


@pytest.mark.parametrize("text", ["", "[]", "3", "{}", '"x"'])
def test_other_json(text: str) -> None:
    FOLDER.mkdir(parents=True)
    (FOLDER / "seeds.json").write_text(text, "utf-8")
    with pytest.raises(ArtifactError, match=r"seeds\.json"):
        read_seeds(FOLDER)


def test_the_folder_stands_for_its_best_run() -> None:
    device = torch.device("cpu")
    for number in range(2):
        write_run(FOLDER / f"seed-{number}", seed=number)
    write_seeds(seeds())
    best, named = load_run(FOLDER, device), load_run(FOLDER / "seed-1", device)
    assert best.path == named.path == FOLDER / "seed-1"
    for a, b in zip(best.model.parameters(), named.model.parameters(), strict=True):
        assert torch.equal(a, b)
    with pytest.raises(ArtifactError, match="no such run folder") as caught:
        load_run(Path("runs/nope"), device)
    assert "runs/many" in caught.value.hint
    write_seeds(seeds(None))
    with pytest.raises(ArtifactError, match="not all of its 2 seeds are finished"):
        load_run(FOLDER, device)
