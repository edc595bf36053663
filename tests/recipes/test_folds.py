"""Cross-validation with real trainings: every fold is a run like others."""

from __future__ import annotations

from pathlib import Path

import pytest
from trainings import outcome, read_json, read_lines, train

from gru_sentiment.artifact.folders import own_files
from gru_sentiment.builders.device import build_device
from gru_sentiment.cli.progress import SilentProgress
from gru_sentiment.config.loading import load_config
from gru_sentiment.errors import ArtifactError, DataError
from gru_sentiment.recipes import train as recipe
from gru_sentiment.recipes.compare_runs import compare_runs
from gru_sentiment.recipes.evaluate import evaluate
from gru_sentiment.recipes.fuse import fuse
from gru_sentiment.recipes.list_runs import list_runs
from gru_sentiment.recipes.series import Trainer, resume_series, train_folds
from gru_sentiment.trained.dataset import reload_dataset
from gru_sentiment.trained.reader import load_run

TRAINER = Trainer(
    lambda config: recipe.train(config, SilentProgress()),
    lambda run, config: recipe.resume(run, SilentProgress(), config=config),
)
FOLDER = Path("runs/tiny")


@pytest.fixture
def folds(tiny_config: Path) -> list[Path]:
    """Three folds of 80 reviews, none of which is a test."""
    config = load_config(tiny_config, ["data.test_size=0", "training.epochs=1"])
    return [Path(run.run) for run in train_folds(config, 3, TRAINER, name="tiny").runs]


def test_every_row_is_validated_on_once(folds: list[Path]) -> None:
    rows = [
        line["row"] for run in folds for line in read_lines(run / "predictions-validation.jsonl")
    ]
    assert sorted(rows) == list(range(1, 81))
    for run in folds:
        sizes = read_json(run / "metadata.json")["rows"]
        assert sizes["train"] + sizes["validation"] == 80
        assert sizes["validation"] in {26, 27}
        splits = reload_dataset(load_run(run, build_device("cpu"))).splits
        validated = [line["row"] for line in read_lines(run / "predictions-validation.jsonl")]
        assert (splits["validation"] + 1).tolist() == validated


def test_a_fold_is_scored_again_as_it_was(folds: list[Path]) -> None:
    for run in folds:
        again = evaluate(run, split="validation")
        stored = read_json(run / "metrics.json")["validation"]
        assert again.metrics.accuracy == stored["accuracy"]
        assert again.metrics.loss == pytest.approx(stored["loss"])


def test_a_fold_is_the_run_that_its_config_trains(folds: list[Path], tiny_config: Path) -> None:
    keys = ["data.test_size=0", "training.epochs=1", "data.folds=3", "data.fold=2"]
    alone = train(tiny_config, *keys, "run.output=alone")
    assert outcome(alone) == outcome(folds[1])


def test_the_folder_stands_for_the_best_fold_and_is_listed(folds: list[Path]) -> None:
    best = load_run(FOLDER, build_device("cpu")).path
    losses = {run: read_json(run / "metrics.json")["validation"]["loss"] for run in folds}
    assert best == min(losses, key=losses.__getitem__)
    listed = list_runs(FOLDER, sort="run")
    assert [Path(run.run) for run in sorted(listed, key=lambda run: run.run)] == folds
    assert [run.run for run in listed if run.best] == [str(best)]
    assert [run.run for run in list_runs(filters=["data.fold=2"])] == [str(folds[1])]
    assert {run / "model.safetensors" for run in folds} < set(own_files(FOLDER))


def test_folds_are_not_taken_for_runs_of_the_same_rows(folds: list[Path]) -> None:
    compared = compare_runs(folds[:2])
    assert compared.differences == {"data.fold": [1, 2]}
    assert isinstance(compared.paired[0], str)
    with pytest.raises(ArtifactError, match="its validation split holds other rows"):
        fuse(folds[:2])


def test_a_class_with_too_few_texts_for_the_folds(tiny_config: Path, reviews_csv: Path) -> None:
    with reviews_csv.open("a", encoding="utf-8") as file:
        file.write("so so number 1,mixed\nso so number 2,mixed\n")
    config = load_config(tiny_config, ["data.test_size=0"])
    with pytest.raises(DataError, match="class mixed has 2 distinct texts for 3 folds"):
        train_folds(config, 3, TRAINER, name="tiny")
    assert not FOLDER.exists()


def test_a_fold_that_is_missing_is_trained_again(folds: list[Path]) -> None:
    before = outcome(folds[1])
    folds[1].rename("elsewhere")
    resume_series(FOLDER, TRAINER)
    assert outcome(folds[1]) == before
