"""seeds.json is written and read as it was, and refused with the reason where it is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from gru_sentiment.artifact.series import Series, read_series, write_series
from gru_sentiment.artifact.series_runs import FOLD
from gru_sentiment.errors import ArtifactError
from gru_sentiment.trained.reader import load_run

from .runs import CONFIG_VALUE, write_run

FOLDER = Path("runs/many")


def seeds(best: str | None = "seed-1") -> Series:
    return Series(FOLDER, CONFIG_VALUE, ("seed-0", "seed-1"), best)


def test_written_and_read() -> None:
    folds = Series(FOLDER, CONFIG_VALUE, ("fold-1", "fold-2"), "fold-2", FOLD)
    for value in (seeds(), seeds(None), folds):
        write_series(value, {"validation.accuracy": {"mean": 0.9}})
        assert read_series(FOLDER) == value


def test_seeds_are_stored_as_by_earlier_versions() -> None:
    write_series(seeds())
    values = json.loads((FOLDER / "seeds.json").read_text("utf-8"))
    assert list(values) == ["best", "runs", "scores", "config"]
    write_series(Series(FOLDER, CONFIG_VALUE, ("fold-1", "fold-2"), None, FOLD))
    values = json.loads((FOLDER / "seeds.json").read_text("utf-8"))
    assert values["varied"] == "data.fold"
    with pytest.raises(ArtifactError, match="not all of its 2 folds are finished"):
        assert read_series(FOLDER).best_run


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"runs": []}, "expected seed-1 and the like"),
        ({"runs": ["../other"]}, "expected seed-1 and the like"),
        ({"runs": ["a/b"]}, "expected seed-1 and the like"),
        ({"runs": [""]}, "expected seed-1 and the like"),
        ({"runs": [".."], "best": ".."}, "expected seed-1 and the like"),
        ({"runs": [1]}, "expected seed-1 and the like"),
        ({"varied": "data.fold"}, "expected fold-1 and the like"),
        ({"varied": "model.cell"}, "not written by this version"),
        ({"varied": []}, "not written by this version"),
        ({"runs": None}, "not written by this version"),
        ({"best": "seed-7"}, "best: 'seed-7' is not one of its runs: seed-0, seed-1"),
        ({"best": ["seed-0"]}, "is not one of its runs"),
        ({"config": {"model": {"cell": "tree"}}}, "not written by this version"),
        ({"config": None}, "not written by this version"),
    ],
)
def test_what_no_training_wrote(change: dict[str, Any], says: str) -> None:
    write_series(seeds())
    path = FOLDER / "seeds.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | change), "utf-8")
    with pytest.raises(ArtifactError, match=r"runs/many/seeds\.json: ") as caught:
        read_series(FOLDER)
    assert says in caught.value.cause


@pytest.mark.parametrize("text", ["", "[]", "3", "{}", '"x"'])
def test_other_json(text: str) -> None:
    FOLDER.mkdir(parents=True)
    (FOLDER / "seeds.json").write_text(text, "utf-8")
    with pytest.raises(ArtifactError, match=r"seeds\.json"):
        read_series(FOLDER)


def test_the_folder_stands_for_its_best_run() -> None:
    device = torch.device("cpu")
    for number in range(2):
        write_run(FOLDER / f"seed-{number}", seed=number)
    write_series(seeds())
    best, named = load_run(FOLDER, device), load_run(FOLDER / "seed-1", device)
    assert best.path == named.path == FOLDER / "seed-1"
    for a, b in zip(best.model.parameters(), named.model.parameters(), strict=True):
        assert torch.equal(a, b)
    with pytest.raises(ArtifactError, match="no such run folder") as caught:
        load_run(Path("runs/nope"), device)
    assert "runs/many" in caught.value.hint
    write_series(seeds(None))
    with pytest.raises(ArtifactError, match="not all of its 2 seeds are finished"):
        load_run(FOLDER, device)
