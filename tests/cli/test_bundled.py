"""The runs in the package: they answer without a training, and say what they are."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import Result
from conftest import write_tiny
from predicting import predict

from gru_sentiment import BUNDLED
from gru_sentiment.artifact import folders
from gru_sentiment.artifact.contents import read_metadata
from gru_sentiment.artifact.files import MANIFEST, WEIGHTS
from gru_sentiment.artifact.folders import BUNDLED_CLASSIFIER, BUNDLED_ENCODER, named_run
from gru_sentiment.artifact.manifest import digest
from gru_sentiment.cli.progress import SilentProgress
from gru_sentiment.config.loading import load_config
from gru_sentiment.errors import ArtifactError, ConfigError
from gru_sentiment.recipes.train import train
from gru_sentiment.trained.encoder import load_encoder
from gru_sentiment.trained.reader import load_run

CPU = torch.device("cpu")
MOST_BYTES = 8_000_000
NOTE = "no run here: the model in the package predicts (gru-sent runs --bundled)\n"


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the runs in the package, in their place."""
    copy = tmp_path / "pretrained"
    shutil.copytree(folders.PRETRAINED, copy)
    monkeypatch.setattr(folders, "PRETRAINED", copy)
    monkeypatch.setattr(folders, "BUNDLED_CLASSIFIER", copy / "classifier")
    monkeypatch.setattr(folders, "BUNDLED_ENCODER", copy / "encoder")
    return copy


@pytest.mark.parametrize("folder", [BUNDLED_CLASSIFIER, BUNDLED_ENCODER])
def test_they_are_small_and_whole_and_name_no_folder_of_a_machine(folder: Path) -> None:
    files = sorted(folder.iterdir())
    assert sum(path.stat().st_size for path in files) <= MOST_BYTES
    known = json.loads((folder / MANIFEST).read_bytes())["sha256"]
    assert {path.name for path in files} - {MANIFEST, "card.md"} == set(known)
    assert all(digest(folder / name) == value for name, value in known.items())
    for path in files:
        if path.suffix != ".safetensors":
            assert "/work" not in path.read_text("utf-8")
            assert "/home" not in path.read_text("utf-8")


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("What a waste of two hours.", "negative"),
        ("A wonderful film with great acting.", "positive"),
        ("Not bad at all.", "positive"),
        ("This film is not good.", "negative"),
    ],
)
def test_they_answer_without_a_training(
    gru_sent: Callable[..., Result], tmp_path: Path, text: str, label: str
) -> None:
    for words in (["predict", text], ["predict", text, "--run", "bundled"]):
        result = gru_sent(*words)
        assert result.exit_code == 0
        assert result.stdout.startswith(f"{label} (")
        assert result.stderr == ("" if "--run" in words else NOTE)
    quiet = gru_sent("predict", text, "-q")
    assert (quiet.stdout, quiet.stderr) == (result.stdout, "")


def test_a_run_of_ones_own_goes_first(gru_sent: Callable[..., Result], run: Path) -> None:
    folders.point_latest_to(run)
    result = gru_sent("predict", "great film")
    assert result.stderr == ""
    own, bundled = (
        gru_sent("predict", "great film", "--json", "--run", name).stdout
        for name in (run, "bundled")
    )
    assert gru_sent("predict", "great film", "--json").stdout == own != bundled


def test_a_folder_of_that_name_goes_first(tmp_path: Path) -> None:
    assert named_run(BUNDLED) == BUNDLED_CLASSIFIER
    Path("bundled").mkdir()
    assert named_run(BUNDLED) == BUNDLED


def test_it_is_not_reproduced_from_its_config(gru_sent: Callable[..., Result]) -> None:
    result = gru_sent("reproduce", "bundled")
    assert result.exit_code == 2
    assert "is the average of two trainings on texts that are not in the package" in result.stderr
    assert "scripts/make_pretrained.py --check" in result.stderr


def test_its_card(gru_sent: Callable[..., Result]) -> None:
    result = gru_sent("runs", "--bundled")
    assert result.exit_code == 0
    for word in ("accuracy", "sentences, validation", "English", "seeds 0 and 1", "commit"):
        assert word in result.stdout
    assert gru_sent("runs", "runs", "--bundled").exit_code == 2


@pytest.mark.parametrize("change", ["damaged", "missing", "no folder"])
def test_what_is_damaged_is_to_be_installed_again(elsewhere: Path, change: str) -> None:
    for folder, read in (
        ("classifier", lambda: load_run(None, CPU)),
        ("encoder", lambda: load_encoder(BUNDLED)),
    ):
        path = elsewhere / folder / WEIGHTS
        if change == "damaged":
            path.write_bytes(path.read_bytes()[:-1] + b"x")
        elif change == "missing":
            path.unlink()
        else:
            shutil.rmtree(path.parent)
        with pytest.raises(ArtifactError) as caught:
            read()
        assert "pip install --force-reinstall" in caught.value.hint
        if change == "damaged":
            assert "SHA-256" in caught.value.cause


def test_a_language_that_it_does_not_know(gru_sent: Callable[..., Result], tmp_path: Path) -> None:
    german = "Ein wirklich schöner Film, den man unbedingt gesehen haben muss."
    assert "most words are unknown to the model" in gru_sent("predict", german).stdout
    rows = tmp_path / "rows.txt"
    rows.write_text(f"{german}\n" * 3 + "A good film.\n", "utf-8")
    result = gru_sent("predict", "--input", rows)
    assert "in 3 of 4 rows most words are unknown to the model" in result.stderr
    rows.write_text("A good film.\n" * 9 + f"{german}\n", "utf-8")
    assert "unknown" not in gru_sent("predict", "--input", rows).stderr


def test_a_training_starts_from_its_encoder(tmp_path: Path) -> None:
    write_tiny(tmp_path)
    wanted = [
        *("model.initialize_from=bundled", "model.cell=gru", "model.hidden_size=384"),
        *("model.bidirectional=false", "vectors.source=none", "vectors.dimension=192"),
        *("training.epochs=1", "model.embedding_frozen_epochs=0", "run.output=runs/own"),
    ]
    train(load_config(Path("tiny.yaml"), wanted), SilentProgress())
    run, encoder = load_run(Path("runs/own"), CPU), load_encoder(BUNDLED)
    assert run.config.model.initialize_from == BUNDLED
    assert run.vocabulary.words == encoder.vocabulary.words
    assert read_metadata(run.path)["encoder"]["sha256"] == encoder.fingerprint
    with pytest.raises(ConfigError) as caught:
        train(
            load_config(Path("tiny.yaml"), [*wanted, "model.cell=lstm"]),
            SilentProgress(),
            force=True,
        )
    assert "model.cell: lstm here, gru in" in caught.value.cause


def test_how_sure_it_is_of_what_it_does_not_know() -> None:
    (nothing,) = predict(["zxqv qqzx"], BUNDLED)
    assert abs(nothing.probabilities["positive"] - 0.5) < 0.01
    assert nothing.unknown_share == 1


def test_the_compact_table_is_near() -> None:
    """Every row reaches the largest number of its 8 bits, but for padding."""
    run = load_run(BUNDLED, CPU)
    table = run.model.embedding.table.weight  # type: ignore[union-attr]
    largest = table.detach().abs().amax(1).numpy()
    assert np.isfinite(largest).all()
    assert (largest > 0).sum() >= len(largest) - 1
