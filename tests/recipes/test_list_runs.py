"""Runs are found, described, sorted and filtered; what is no run is named and left out."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gru_sentiment.errors import ArtifactError, ConfigError
from gru_sentiment.recipes.list_runs import list_runs


def write_run(
    name: str, accuracy: float = 0.9, *, cell: str = "gru", day: int = 1, **about: Any
) -> Path:
    """The plain files of a run."""
    folder = Path("runs") / name
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text(
        f"model: {{cell: {cell}, layers: 2, bidirectional: true}}\nrun: {{seed: 5}}\n", "utf-8"
    )
    scores = {part: {"accuracy": accuracy, "roc_auc": 0.95} for part in ("validation", "test")}
    (folder / "metrics.json").write_text(json.dumps(scores), "utf-8")
    metadata = {
        "seed": 3,
        "parameters": {"total": 1000 + day},
        "total_s": 90.0,
        "started_at": f"2026-11-{day:02}T10:00:00+00:00",
    }
    (folder / "metadata.json").write_text(json.dumps(metadata | about), "utf-8")
    return folder


def names(*arguments: Any, **options: Any) -> list[str]:
    return [run.run.removeprefix("runs/") for run in list_runs(*arguments, **options)]


def test_what_is_known_of_a_run() -> None:
    write_run("a", 0.91)
    (run,) = list_runs()
    assert (run.run, run.kind, run.cell, run.parameters) == ("runs/a", "net", "gru", 1001)
    assert (run.seed, run.validation, run.test, run.minutes) == (3, 0.91, 0.91, 1.5)
    assert (run.date, run.finished, run.best) == ("2026-11-01T10:00:00+00:00", True, False)
    assert run.metrics["test.roc_auc"] == 0.95
    assert run.config["model.layers"] == 2
    assert json.loads(json.dumps(run.to_json()))["config"]["model.bidirectional"] is True


def test_other_kinds_and_runs_without_most_files() -> None:
    write_run("linear", kind="baseline", parameters=None)
    (Path("runs/linear") / "config.yaml").unlink()
    write_run("lm", kind="encoder")
    (Path("runs/lm") / "metrics.json").write_text('{"held_out": {"perplexity": 80.5}}', "utf-8")
    (write_run("both") / "kind.json").write_text('{"kind": "fusion"}', "utf-8")
    started = Path("runs/new.partial")
    started.mkdir()
    (started / "config.yaml").write_text("model: {cell: lstm}", "utf-8")
    found = {run.run.removeprefix("runs/"): run for run in list_runs()}
    assert (found["linear"].kind, found["linear"].cell) == ("baseline", None)
    assert found["linear"].parameters is None
    # its config is that of its first member, and names a cell
    assert (found["both"].kind, found["both"].cell) == ("fusion", None)
    assert found["lm"].cell == "gru"
    assert (found["lm"].kind, found["lm"].validation) == ("encoder", None)
    assert found["lm"].metrics == {"held_out.perplexity": 80.5}
    assert (found["new.partial"].finished, found["new.partial"].cell) == (False, "lstm")


def test_runs_below_seed_folders_and_links(tmp_path: Path) -> None:
    write_run("many/seed-0")
    write_run("many/seed-1")
    write_run("deep/er/run")
    Path("runs/latest").symlink_to("many/seed-1")
    assert sorted(names()) == ["deep/er/run", "many/seed-0", "many/seed-1"]
    assert names(Path("runs/many")) == ["many/seed-0", "many/seed-1"]
    assert names(Path("runs/many/seed-1")) == ["many/seed-1"]


def test_foreign_and_damaged_folders_are_named(caplog: pytest.LogCaptureFixture) -> None:
    write_run("good")
    (write_run("json") / "metrics.json").write_text("{", "utf-8")
    (write_run("yaml") / "config.yaml").write_text("a: [", "utf-8")
    (write_run("list") / "metadata.json").write_text("[1]", "utf-8")
    (write_run("many/seed-0").parent / "seeds.json").write_text("{}", "utf-8")
    Path("runs/photos").mkdir()
    (Path("runs/photos") / "a.jpg").write_text("x")
    Path("runs/file").write_text("x")
    assert sorted(names()) == ["good", "list"]
    for words in (
        "left out: runs/json/metrics.json: not valid JSON",
        "left out: runs/yaml/config.yaml:1: not valid YAML",
        "left out: runs/many/seeds.json: not written by this version",
        "left out: runs/photos holds no run",
    ):
        assert words in caplog.text
    assert len(caplog.records) == 4


def test_a_name_that_cannot_be_printed(caplog: pytest.LogCaptureFixture) -> None:
    write_run("odd\nname")
    assert names() == []
    assert "a name that cannot be printed" in caplog.text
    assert "odd\\nname" in caplog.text


def test_sorted() -> None:
    write_run("b", 0.9, day=2, cell="lstm")
    write_run("a", 0.8, day=3)
    write_run("c", 0.95, day=1, total_s=None)
    assert names() == ["a", "b", "c"]
    assert names(sort="-date") == ["c", "b", "a"]
    assert names(sort="validation") == ["c", "b", "a"]
    assert names(sort="-test.accuracy") == ["a", "b", "c"]
    assert names(sort="cell") == ["a", "c", "b"]
    assert names(sort="-cell") == ["b", "a", "c"]
    # what has no value comes last either way
    assert names(sort="minutes") == ["a", "b", "c"]
    assert names(sort="-minutes") == ["a", "b", "c"]


def test_filtered() -> None:
    write_run("a")
    write_run("b", cell="lstm", kind="encoder")
    write_run("c", cell="lstm")
    assert names(sort="run", filters=["cell=lstm"]) == ["b", "c"]
    assert names(sort="run", filters=["cell=lstm", "kind=net"]) == ["c"]
    assert names(sort="run", filters=["model.layers=2"]) == ["a", "b", "c"]
    assert names(sort="run", filters=["model.bidirectional=true", "model.cell=gru"]) == ["a"]
    assert names(filters=["cell=rnn"]) == []


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"sort": "acuracy"}, "--sort acuracy: no run has it"),
        ({"sort": "validaton"}, "did you mean validation?"),
        ({"filters": ["cel=gru"]}, "--filter cel: no run has it; did you mean cell?"),
        ({"filters": ["cell"]}, "--filter cell: expected KEY=VALUE"),
    ],
)
def test_names_that_are_none(options: dict[str, Any], says: str) -> None:
    write_run("a")
    with pytest.raises(ConfigError) as caught:
        list_runs(**options)
    assert says in caught.value.cause


def test_no_folder_and_no_runs() -> None:
    with pytest.raises(ArtifactError, match="runs: no such folder"):
        list_runs()
    Path("runs").mkdir()
    assert list_runs() == []


def test_nothing_heavy_is_loaded() -> None:
    code = (
        "import gru_sentiment.recipes.list_runs, gru_sentiment.recipes.compare_runs, sys\n"
        "print([m for m in ('torch', 'spacy', 'pyarrow', 'datasets') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
