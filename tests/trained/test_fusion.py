"""Fusions on the disk: the members' answers together, and every way in which one can be wrong."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from artifact.fuzz import NEEDED_BY, fit_manifests
from artifact.runs import CPU, write_fusion

from gru_sentiment.artifact.files import CONFIG, INFERENCE, KIND, LABELS, MANIFEST, NEEDED
from gru_sentiment.artifact.manifest import write_manifest
from gru_sentiment.data.tokenizer import Tokenizer
from gru_sentiment.errors import ArtifactError
from gru_sentiment.trained.baseline import Baseline
from gru_sentiment.trained.fusion import Fusion
from gru_sentiment.trained.network import Network
from gru_sentiment.trained.reader import load_run

ALL = NEEDED_BY["fusion"]


def test_the_members_answer_together_without_the_runs_they_came_from() -> None:
    path = write_fusion()
    shutil.rmtree("runs/a")
    shutil.rmtree("runs/b")
    run = load_run(path, CPU)
    assert isinstance(run, Fusion)
    assert [type(member) for member in run.members] == [Network, Baseline]
    texts = Tokenizer().many(["good bad", "", "bad bad"])
    rows = np.array([2, 0, 1])
    a, b = (member.predict(texts, rows).log_probabilities for member in run.members)
    found = run.predict(texts, rows).log_probabilities
    odds = 0.5 * (a[:, 1] - a[:, 0]) + 0.25 * (b[:, 1] - b[:, 0])
    np.testing.assert_allclose(found[:, 1] - found[:, 0], odds, atol=1e-6)
    np.testing.assert_allclose(np.exp(found).sum(axis=1), 1, atol=1e-9)


def test_the_manifest_covers_the_members() -> None:
    path = write_fusion()
    named = json.loads((path / MANIFEST).read_bytes())["sha256"]
    assert set(ALL) <= set(named)
    assert {f"members/0/{MANIFEST}", f"members/1/{MANIFEST}"} <= set(named)
    assert load_run(path / "members" / "0", CPU).labels.classes == ["negative", "positive"]


@pytest.mark.parametrize("name", [name for name in ALL if not name.endswith(INFERENCE)])
def test_a_missing_or_changed_file_is_named(name: str) -> None:
    path = write_fusion()
    content = (path / name).read_bytes()
    (path / name).write_bytes(content + b"\n")
    with pytest.raises(ArtifactError, match="is not the file that was written"):
        load_run(path, CPU)
    (path / name).unlink()
    with pytest.raises(ArtifactError, match=r"missing|no words|is not the file|cannot be read"):
        load_run(path, CPU)


@pytest.mark.parametrize(
    "weights",
    [
        None,
        3,
        {},
        [],
        [1.0],
        [0.5, 0.5, 0.5],
        [1.0] * 65,
        [1, "1"],
        [1, None],
        [True, False],
        [-0.1, 1],
        [1e7, 1],
        [10**400, 1],
        [float("nan"), 1],
        [float("inf"), 1],
    ],
)
def test_what_are_no_weights(weights: object) -> None:
    path = write_fusion()
    (path / KIND).write_text(json.dumps({"kind": "fusion", "weights": weights}), "utf-8")
    write_manifest(path, ALL)
    with pytest.raises(
        ArtifactError, match=r"^runs/f/kind\.json: |not a complete run folder: members/2"
    ):
        load_run(path, CPU)


@pytest.mark.parametrize("kind", ["fusion", "encoder", "other", 3])
def test_a_member_that_no_fusion_holds(kind: object) -> None:
    path = write_fusion()
    name = f"members/1/{KIND}"
    (path / name).write_text(json.dumps({"kind": kind}), "utf-8")
    fit_manifests(path, name, ALL)
    with pytest.raises(ArtifactError, match=f"members/1: is a {kind}, which no fusion holds"):
        load_run(path, CPU)


def test_members_of_other_classes_or_words() -> None:
    path = write_fusion()
    (path / LABELS).write_text('{"labels": ["a", "b"]}', "utf-8")
    write_manifest(path, ALL)
    with pytest.raises(ArtifactError, match=r"^runs/f/members/0: has other classes than runs/f"):
        load_run(path, CPU)
    shutil.rmtree("runs")
    path = write_fusion()
    text = (path / CONFIG).read_text("utf-8")
    assert "lowercase: true" in text
    (path / CONFIG).write_text(text.replace("lowercase: true", "lowercase: false"), "utf-8")
    write_manifest(path, ALL)
    with pytest.raises(
        ArtifactError, match=r"^runs/f/members/0: tokenises differently from runs/f"
    ):
        load_run(path, CPU)


def test_a_member_is_checked_as_a_run_of_its_own() -> None:
    path = write_fusion()
    name = f"members/0/{NEEDED[0]}"
    text = (path / name).read_text("utf-8").replace("hidden_size: 3", "hidden_size: 7")
    (path / name).write_text(text, "utf-8")
    write_manifest(path, ALL)
    with pytest.raises(ArtifactError, match=r"members/0/config\.yaml: is not the file that was"):
        load_run(path, CPU)
    fit_manifests(path, name, ALL)
    with pytest.raises(ArtifactError, match="the config asks for 1 of 7 units"):
        load_run(path, CPU)


def test_the_folder_can_be_moved() -> None:
    path = write_fusion()
    Path("elsewhere").mkdir()
    path.rename("elsewhere/fused")
    assert load_run(Path("elsewhere/fused"), CPU).path == Path("elsewhere/fused")
