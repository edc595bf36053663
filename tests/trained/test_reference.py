"""The baseline beside a run: which one, and by how much it is beaten."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gru_sentiment.artifact.files import KIND, METADATA, METRICS, NEEDED
from gru_sentiment.artifact.manifest import write_manifest
from gru_sentiment.config.loading import dump_config
from gru_sentiment.config.sections import Config, DataConfig
from gru_sentiment.trained.reference import find_reference, gaps_to_reference

RUN = Path("runs/net")
WRITTEN = (*NEEDED, KIND, METADATA, METRICS)


@pytest.fixture(autouse=True)
def _a_run(_in_folder: None) -> None:
    RUN.mkdir(parents=True)
    (RUN / METADATA).write_text('{"data_fingerprint": "abc"}', "utf-8")


def write(name: str, validation: Any = 0.8, *, data: str = "abc", **sizes: Any) -> Path:
    """As much of a baseline as is looked at."""
    path = Path("runs") / name
    path.mkdir()
    files = {
        KIND: {"kind": "baseline"},
        METADATA: {"data_fingerprint": data},
        METRICS: {
            "validation": {"accuracy": validation},
            "test": {"accuracy": 0.75},
            "models": {"nb": {"validation": {"accuracy": 1}}},
        },
    }
    for file, value in files.items():
        (path / file).write_text(json.dumps(value), "utf-8")
    (path / "config.yaml").write_text(dump_config(Config(data=DataConfig(**sizes))), "utf-8")
    write_manifest(path, WRITTEN)
    return path


def found(config: Config | None = None) -> str | None:
    reference = find_reference(RUN, config or Config())
    return None if reference is None else reference.path.name


def test_gaps_by_split_in_points() -> None:
    write("b", 0.8)
    gaps = gaps_to_reference(RUN, Config(), {"validation": 0.825, "test": 0.7, "other": 1.0})
    assert list(gaps) == ["validation", "test"]
    assert gaps["validation"].run == "runs/b"
    assert gaps["validation"].accuracy == 0.8
    assert gaps["validation"].points == pytest.approx(2.5)
    assert gaps["test"].points == pytest.approx(-5)


def test_none_beside() -> None:
    assert found() is None
    assert gaps_to_reference(RUN, Config(), {"validation": 1.0}) == {}
    write("b")
    (RUN / METADATA).unlink()
    assert found() is None


def test_the_best_of_several_on_validation() -> None:
    for name, accuracy in (("a", 0.8), ("b", 0.9), ("c", 0.7)):
        write(name, accuracy)
    assert found() == "b"


@pytest.mark.parametrize(
    "sizes",
    [
        {"validation_size": 0.2},
        {"test_size": 10},
        {"seed": 1},
        {"train_size": 500},
        {"folds": 5, "fold": 2},
    ],
)
def test_other_rows_do_not_count(sizes: dict[str, Any]) -> None:
    write("b", **sizes)
    assert found() is None
    assert found(Config(data=DataConfig(**sizes))) == "b"


def test_other_data_do_not_count() -> None:
    write("b", data="xyz")
    assert found() is None


@pytest.mark.parametrize("kind", ["net", "fusion", "encoder"])
def test_other_kinds_do_not_count(kind: str) -> None:
    path = write("b")
    (path / KIND).write_text(json.dumps({"kind": kind}), "utf-8")
    write_manifest(path, WRITTEN)
    assert found() is None


def test_unfinished_ones_links_and_itself_do_not_count() -> None:
    write("b.partial")
    write("elsewhere").rename("b")
    Path("runs/latest").symlink_to(Path("b").resolve())
    assert found() is None
    path = write("c")
    assert found() == "c"
    assert find_reference(path, Config()) is None


@pytest.mark.parametrize("accuracy", ["0.9", None, [0.9], {}])
def test_a_score_that_is_none_is_left_out(accuracy: Any) -> None:
    write("b", accuracy)
    assert list(gaps_to_reference(RUN, Config(), {"validation": 0.8, "test": 0.7})) == ["test"]


def test_a_damaged_one_is_told_of_and_left_out(caplog: pytest.LogCaptureFixture) -> None:
    write("a", 0.9)
    write("b", 0.8)
    (Path("runs/a") / METRICS).write_text("{}", "utf-8")
    assert found() == "b"
    assert "left out: runs/a/metrics.json: is not the file that was written" in caplog.text


def test_a_run_named_by_its_own_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    write("b")
    monkeypatch.chdir(RUN)
    reference = find_reference(Path(), Config())
    assert reference is not None
    assert reference.path.name == "b"
