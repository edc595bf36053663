"""Random command lines end with a documented exit code, and touch nothing outside their folder."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from conftest import write_tiny

from gru_sentiment.artifact.manifest import named, write_manifest
from gru_sentiment.builders import dataset
from gru_sentiment.errors import UserError
from gru_sentiment.trainer.run import TrainingRun

from .command_lines import Workplace, failures


@pytest.fixture
def workplace(
    learned_run: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> Workplace:
    """Folders with a run, its config and data, links and odd files; nothing is trained in them."""

    def refused(*_: object) -> None:
        raise UserError("takes too long for this test")

    monkeypatch.setattr(TrainingRun, "train", refused)
    for load in ("load_package", "load_reviews_and_sentences"):
        monkeypatch.setattr(dataset, load, refused)
    template, home = tmp_path_factory.mktemp("template"), tmp_path_factory.mktemp("home")
    write_tiny(template)
    shutil.copytree(learned_run, template / "runs" / "tiny")
    config = template / "runs" / "tiny" / "config.yaml"
    own = config.read_text("utf-8").replace(str(learned_run.parent), str(home / "work"))
    config.write_text(own, "utf-8")
    write_manifest(config.parent, named(config.parent))
    (template / "runs" / "latest").symlink_to("tiny")
    (template / "in.txt").write_text("great\n\nawful\n", "utf-8")
    (template / "broken.yaml").write_bytes(b"model: {cell: [\xff")
    (template / "sub").mkdir()
    (template / "empty").touch()
    (template / "file").touch()
    (template / "loop").symlink_to("loop")
    (template / "gone").symlink_to("nowhere")
    (template / "link.csv").symlink_to("reviews.csv")
    # a worker of pytest cannot send a log with half a surrogate pair
    monkeypatch.setattr(type(caplog.handler), "emit", lambda *_: None)
    for name in ("HOME", "TORCHINDUCTOR_CACHE_DIR"):
        monkeypatch.setenv(name, str(home))
    # where the detector of languages unpacks its model, and processes have their sockets
    temporary = tmp_path_factory.mktemp("temporary")
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    monkeypatch.chdir(home)
    return Workplace(home, template, temporary)


def test_a_hundred_command_lines(workplace: Workplace) -> None:
    assert failures(workplace, seed=1, n=100) == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2, 3, 4])
def test_three_thousand_command_lines(workplace: Workplace, seed: int) -> None:
    assert failures(workplace, seed=seed, n=1_000) == []
