"""`gru-sent baseline`: a table, a run folder, and what later commands say of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result


def test_prints_all_scores_and_the_folder(
    gru_sent: Callable[..., Result], tiny_config: Path
) -> None:
    result = gru_sent("baseline", "--config", tiny_config)
    assert result.exit_code == 0, result.output
    for words in ("majority", "tfidf", "nb", "validation accuracy", "test loss", "saved: "):
        assert words in result.stdout
    assert result.stdout.splitlines()[-1] == "run folder: runs/baseline"
    assert gru_sent("predict", "great", "--run", "runs/baseline").exit_code == 0
    assert gru_sent("evaluate", "runs/baseline").exit_code == 0


def test_options_reach_the_recipe(gru_sent: Callable[..., Result], tiny_config: Path) -> None:
    options = ["--model", "nb", "--output", "mine", "--set", "data.train_size=20", "--quiet"]
    result = gru_sent("baseline", "-c", tiny_config, *options)
    assert result.exit_code == 0, result.output
    assert "saved: nb" in result.stdout
    assert result.stdout.splitlines()[-1] == "run folder: mine"
    assert result.stderr == ""
    assert "train_size: 20" in Path("mine/config.yaml").read_text("utf-8")
    refused = gru_sent("baseline", "-c", tiny_config, *options)
    assert refused.exit_code == 2
    assert "mine: exists already" in refused.stderr
    assert gru_sent("baseline", "-c", tiny_config, *options, "--force").exit_code == 0


def test_without_scikit_learn(
    gru_sent: Callable[..., Result], tiny_config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import importlib.metadata

    version = importlib.metadata.version

    def missing(name: str) -> str:
        if name == "scikit-learn":
            raise importlib.metadata.PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr(importlib.metadata, "version", missing)
    result = gru_sent("baseline", "-c", tiny_config)
    assert result.exit_code == 2
    assert "pip install scikit-learn" in result.stderr
    assert not Path("runs").exists()


def test_a_training_beside_it_says_how_it_stands(
    gru_sent: Callable[..., Result], tiny_config: Path
) -> None:
    assert gru_sent("baseline", "-c", tiny_config, "-q").exit_code == 0
    trained = gru_sent("train", "-c", tiny_config, "-q")
    assert trained.exit_code == 0, trained.output
    for split in ("validation", "test"):
        (line,) = [x for x in trained.stdout.splitlines() if x.startswith(f"{split}: ")]
        assert "the baseline" in line
        assert re.search(r"\(runs/baseline: [01]\.\d{4}\)", line)
    last = gru_sent("evaluate", "runs/tiny").stdout.splitlines()[-1]
    assert re.search(r"\(runs/baseline: [01]\.\d{4}\)", last)


def test_what_is_for_networks_only(gru_sent: Callable[..., Result], tiny_config: Path) -> None:
    assert gru_sent("baseline", "-c", tiny_config, "-q").exit_code == 0
    result = gru_sent("reproduce", "runs/baseline")
    assert result.exit_code == 2
    assert "runs/baseline: is a baseline, not a trained network" in result.stderr
    assert gru_sent("train", "--resume", "runs/baseline").exit_code == 2
