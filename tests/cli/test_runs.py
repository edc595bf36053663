"""`gru-sent runs`, `gru-sent compare` and `gru-sent train --seeds`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from gru_sentiment.cli.progress import LineProgress
from gru_sentiment.results.training import EvaluationRecord

Command = Callable[..., Result]

# the command in a process of its own, and then which of the slow libraries it has loaded
LOADED = """\
import sys
from gru_sentiment.cli.app import main
try:
    main()
finally:
    heavy = {"torch", "spacy", "pyarrow", "datasets", "safetensors"}
    print("loaded:", *sorted(heavy & set(sys.modules)), file=sys.stderr)
"""


@pytest.fixture
def many(gru_sent: Command, tiny_config: Path) -> Path:
    """The folder of two seeds."""
    train = ["train", "-c", tiny_config, "--seeds", 2, "-q", "--set", "training.epochs=1"]
    result = gru_sent(*train)
    assert result.exit_code == 0, result.output
    return Path("runs/tiny")


# several seeds


def test_several_seeds_are_one(gru_sent: Command, many: Path) -> None:
    assert sorted(path.name for path in many.iterdir()) == ["seed-0", "seed-1", "seeds.json"]
    best = json.loads((many / "seeds.json").read_text("utf-8"))["best"]
    answers = [
        gru_sent("predict", "great film", "--json", *run).stdout
        for run in (["--run", many], ["--run", many / best], [])
    ]
    assert len(set(answers)) == 1
    scores = json.loads(gru_sent("evaluate", many, "--json", "-").stdout)
    assert scores["run"] == str(many / best)
    losses = {
        name: json.loads((many / name / "metrics.json").read_text("utf-8"))["validation"]["loss"]
        for name in ("seed-0", "seed-1")
    }
    assert losses[best] == min(losses.values())
    assert len(set(losses.values())) == 2


def test_seeds_are_reported(gru_sent: Command, tiny_config: Path) -> None:
    train = ["train", "-c", tiny_config, "--seeds", 2, "--set", "training.epochs=1"]
    result = gru_sent(*train)
    assert result.exit_code == 0, result.output
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    for words in ("seed 0", "seed 1", "over 2 seeds mean standard deviation", "test.accuracy"):
        assert any(line.startswith(words) for line in lines), words
    assert lines[-2].startswith("best by -loss on validation: runs/tiny/seed-")
    assert lines[-1] == "folder: runs/tiny"
    assert "seed 2 of 2: runs/tiny/seed-1, new" in result.stderr
    again = gru_sent(*train)
    assert again.stdout == result.stdout
    assert "seed 2 of 2: runs/tiny/seed-1, finished before" in again.stderr
    assert "epoch 1" not in again.stderr


def test_a_seed_is_an_ordinary_run(gru_sent: Command, many: Path, tiny_config: Path) -> None:
    alone = ["train", "-c", tiny_config, "-q", "--set", "training.epochs=1", "--set", "run.seed=1"]
    assert gru_sent(*alone, "-o", "alone").exit_code == 0
    weights = [Path(run) / "model.safetensors" for run in ("alone", many / "seed-1")]
    assert weights[0].read_bytes() == weights[1].read_bytes()


def test_the_best_seed_is_reproduced(gru_sent: Command, many: Path) -> None:
    best = json.loads((many / "seeds.json").read_text("utf-8"))["best"]
    result = gru_sent("reproduce", many, "-q")
    assert result.exit_code == 0, result.output
    assert f"has the weights and the history of {many / best}" in result.stdout
    assert (many / f"{best}-reproduced").is_dir()


@pytest.mark.parametrize("how", ["again", "resume"])
def test_interrupted_seeds_go_on(
    gru_sent: Command, tiny_config: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    def interrupt(self: LineProgress, record: EvaluationRecord) -> None:
        if Path("runs/tiny/seed-0").is_dir():
            signal.raise_signal(signal.SIGINT)

    train = ["train", "-c", tiny_config, "--seeds", 2]
    with monkeypatch.context() as patch:
        patch.setattr(LineProgress, "on_evaluation", interrupt)
        result = gru_sent(*train)
    assert result.exit_code == 130
    assert "resume all seeds with: gru-sent train --resume runs/tiny" in result.stderr
    assert sorted(path.name for path in Path("runs/tiny").iterdir()) == [
        "seed-0",
        "seed-1.partial",
        "seeds.json",
    ]
    refused = gru_sent("evaluate", "runs/tiny")
    assert refused.exit_code == 2
    assert "not all of its 2 seeds are finished" in refused.stderr
    done = gru_sent(*(train if how == "again" else ["train", "--resume", "runs/tiny"]))
    assert done.exit_code == 0, done.stderr
    assert "seed 1 of 2: runs/tiny/seed-0, finished before" in done.stderr
    assert "resuming at epoch 2" in done.stderr
    assert "over 2 seeds" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--resume", "runs/a", "--seeds", "2"], "leave --seeds out"),
        (["--config", "tiny.yaml", "--seeds", "1"], "greater than or equal to 2"),
    ],
)
def test_options_of_seeds_that_do_not_fit(
    gru_sent: Command, arguments: list[str], says: str
) -> None:
    result = gru_sent("train", *arguments)
    assert result.exit_code == 2
    assert says in " ".join(result.stderr.replace("│", " ").split())


def test_settings_are_not_changed_on_the_way(gru_sent: Command, many: Path) -> None:
    result = gru_sent("train", "--resume", many, "--set", "training.epochs=9")
    assert result.exit_code == 2
    assert "all seeds are trained with the same settings" in result.stderr


# the list


def test_lists_runs(gru_sent: Command, many: Path, tmp_path: Path) -> None:
    (tmp_path / "runs" / "photos").mkdir()
    result = gru_sent("runs")
    assert result.exit_code == 0
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert lines[1] == "run kind cell parameters seed validation test minutes date"
    assert sum("(best)" in line for line in lines) == 1
    assert [line.split()[0] for line in lines[3:5]].count("runs/tiny/seed-0") == 1
    assert "left out: runs/photos holds no run" in result.stderr
    found = json.loads(gru_sent("runs", many, "--json", "--filter", "seed=1").stdout)
    assert [run["run"] for run in found] == [str(many / "seed-1")]
    assert found[0]["config"]["model.cell"] == "gru"


def test_a_list_that_cannot_be_made(gru_sent: Command, many: Path) -> None:
    for arguments, says in [
        (["nope"], "nope: no such folder"),
        (["--sort", "acuracy"], "--sort acuracy: no run has it"),
        (["--filter", "cell"], "expected KEY=VALUE"),
    ]:
        result = gru_sent("runs", *arguments)
        assert result.exit_code == 2
        assert says in result.stderr
        assert result.stdout == ""


@pytest.mark.parametrize("arguments", [["runs"], ["compare", "runs/a", "runs/a"]])
def test_nothing_slow_is_loaded(tmp_path: Path, arguments: list[str]) -> None:
    folder = tmp_path / "runs" / "a"
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text("model: {cell: gru}", "utf-8")
    done = subprocess.run(
        [sys.executable, "-c", LOADED, *arguments],
        capture_output=True,
        text=True,
        env=os.environ,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "runs/a" in done.stdout
    assert done.stderr.splitlines()[-1] == "loaded:"


# side by side


def test_compares_runs(gru_sent: Command, many: Path) -> None:
    runs = [many / "seed-0", many / "seed-1"]
    result = gru_sent("compare", *runs)
    assert result.exit_code == 0, result.stderr
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert "run.seed 0 1" in lines
    assert f"{runs[1]} against {runs[0]}, on the validation split:" in lines
    assert any("McNemar's exact test" in line for line in lines)
    found = json.loads(gru_sent("compare", *runs, "--json").stdout)
    assert found["differences"] == {"run.seed": [0, 1]}
    assert found["paired"][0]["n"] == 16


def test_one_run_is_nothing_to_compare(gru_sent: Command, many: Path) -> None:
    result = gru_sent("compare", many)
    assert result.exit_code == 2
    assert "two run folders or more" in result.stderr
    missing = gru_sent("compare", many, "runs/nope")
    assert missing.exit_code == 2
    assert "runs/nope: no such run folder" in missing.stderr
