"""`gru-sent train`: where a run goes, what is said of it, how options reach the config."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from typer.testing import Result

from gru_sentiment.artifact.files import CALIBRATION, NEEDED
from gru_sentiment.artifact.manifest import write_manifest
from gru_sentiment.cli.progress import LineProgress
from gru_sentiment.results.training import EvaluationRecord


def resolved(run: str | Path) -> dict[str, dict[str, object]]:
    """The config of a run."""
    values: dict[str, dict[str, object]] = yaml.safe_load((Path(run) / "config.yaml").read_bytes())
    return values


def test_ends_with_a_table_and_the_folder(
    gru_sent: Callable[..., Result], tiny_config: Path
) -> None:
    result = gru_sent("train", "--config", tiny_config)
    assert result.exit_code == 0
    assert result.stderr.count("epoch") >= 2
    for words in ("accuracy", "loss", "ROC AUC", "macro F1", "precision of negative"):
        assert words in result.stdout
    header = next(line for line in result.stdout.splitlines() if "validation" in line)
    assert header.split() == ["validation", "test"]
    assert "best epoch" in result.stdout
    assert "all 2 epochs done" in result.stdout
    assert result.stdout.splitlines()[-1] == "run folder: runs/tiny"


def test_runs_are_named_after_the_config_and_counted(
    gru_sent: Callable[..., Result], tiny_config: Path
) -> None:
    for name in ("tiny", "tiny-2", "tiny-3"):
        result = gru_sent("train", "-c", tiny_config, "-q")
        assert f"run folder: runs/{name}" in result.stdout
        assert Path("runs/latest").resolve().name == name


@pytest.mark.parametrize("output", ["runs/a b", "2024", "null", "a: #1"])
def test_output_is_a_path_and_nothing_else(
    gru_sent: Callable[..., Result], tiny_config: Path, output: str, tmp_path: Path
) -> None:
    result = gru_sent("train", "--config", tiny_config, "--output", output, "--quiet")
    assert result.exit_code == 0, result.stderr
    assert (tmp_path / output / "model.safetensors").is_file()
    assert Path("runs/latest").exists() == output.startswith("runs/")


@pytest.mark.parametrize("output", ["mine", "runs/mine"])
def test_an_existing_run_needs_force(
    gru_sent: Callable[..., Result], tiny_config: Path, output: str
) -> None:
    weights = Path(output) / "model.safetensors"
    train = ["train", "--config", tiny_config, "--output", output, "--quiet"]
    assert gru_sent(*train).exit_code == 0
    before = weights.read_bytes()
    refused = gru_sent(*train, "--set", "run.seed=1")
    assert refused.exit_code == 2
    assert "exists already" in refused.stderr
    assert "--force" in refused.stderr
    assert weights.read_bytes() == before
    assert gru_sent(*train, "--set", "run.seed=1", "--force").exit_code == 0
    assert weights.read_bytes() != before


def test_overrides_and_flags_reach_the_config(
    gru_sent: Callable[..., Result], tiny_config: Path
) -> None:
    changes = ["model.cell=lstm", "model.pooling=[mean, last]", "training.learning_rate=1e-2"]
    sets = [word for change in changes for word in ("--set", change)]
    flags = ["--device", "cpu", "--threads", "1"]
    result = gru_sent("train", "--config", tiny_config, *sets, *flags)
    assert result.exit_code == 0, result.stderr
    config = resolved("runs/tiny")
    assert config["model"]["cell"] == "lstm"
    assert config["model"]["pooling"] == ["mean", "last"]
    assert config["training"]["learning_rate"] == 0.01
    assert (config["run"]["device"], config["run"]["threads"]) == ("cpu", 1)


def test_a_flag_wins_over_the_file_and_over_set(
    gru_sent: Callable[..., Result], tiny_config: Path
) -> None:
    choices = ["--set", "run.output=from-set", "--output", "from-flag"]
    result = gru_sent("train", "--config", tiny_config, *choices)
    assert result.exit_code == 0, result.stderr
    assert Path("from-flag").is_dir()
    assert not Path("from-set").exists()


def test_classes_are_shown_as_they_are_called(
    gru_sent: Callable[..., Result], tiny_config: Path, reviews_csv: Path
) -> None:
    # to rich, what stands in brackets is a style
    text = reviews_csv.read_text("utf-8")
    reviews_csv.write_text(
        text.replace(",negative", ",[/bad]").replace(",positive", ",[bold]"), "utf-8"
    )
    result = gru_sent("train", "--config", tiny_config)
    assert result.exit_code == 0, result.output
    assert "recall of [/bad]" in result.stdout
    assert "recall of [bold]" in result.stdout


def test_ctrl_c_leaves_the_last_checkpoint(
    gru_sent: Callable[..., Result], tiny_config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(self: LineProgress, record: EvaluationRecord) -> None:
        signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(LineProgress, "on_evaluation", interrupt)
        result = gru_sent("train", "--config", tiny_config)
    assert result.exit_code == 130
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert "runs/tiny.partial holds the weights of epoch 1" in result.stderr
    assert result.stderr.splitlines()[-1] == "interrupted"
    assert [path.name for path in Path("runs").iterdir()] == ["tiny.partial"]
    answer = gru_sent("predict", "great", "--run", "runs/tiny.partial")
    assert answer.exit_code == 0
    # it is not taken for a run, nor overwritten
    assert "no run here: the model in the package predicts" in gru_sent("predict", "great").stderr
    again = gru_sent("train", "--config", tiny_config, "--output", "runs/tiny")
    assert again.exit_code == 2
    assert "tiny.partial" in again.stderr


def test_a_training_that_was_interrupted_goes_on(
    gru_sent: Callable[..., Result], tiny_config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(self: LineProgress, record: EvaluationRecord) -> None:
        signal.raise_signal(signal.SIGTERM)

    with monkeypatch.context() as patch:
        patch.setattr(LineProgress, "on_evaluation", interrupt)
        result = gru_sent("train", "--config", tiny_config, "--set", "training.schedule=constant")
    assert result.exit_code == 143
    assert result.stderr.splitlines()[-1] == "terminated"
    assert "gru-sent train --resume runs/tiny" in result.stderr
    refused = gru_sent("train", "--resume", "runs/tiny", "--set", "model.cell=rnn")
    assert refused.exit_code == 2
    assert "model.cell: gru in the run, rnn now" in refused.stderr
    done = gru_sent("train", "--resume", "runs/tiny", "--set", "training.epochs=3")
    assert done.exit_code == 0
    assert "changed: training.epochs: 2 in the run, 3 now" in done.stderr
    assert "resuming at epoch 2, batch 1" in done.stderr
    assert "best epoch" in done.stdout
    assert [p.name for p in Path("runs").iterdir() if p.is_dir() and not p.is_symlink()] == ["tiny"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "give a file of labelled texts, FILE, or a config to train, --config FILE, or a run"),
        (("--resume", "runs/a", "--output", "runs/b"), "leave --output and --force out"),
        (("--resume", "runs/a", "--force"), "leave --output and --force out"),
        (("--resume", "runs/a", "--folds", "3"), "leave --folds out"),
        (("--config", "tiny.yaml", "--folds", "1"), "greater than or equal to 2"),
        (
            ("--config", "tiny.yaml", "--folds", "3", "--seeds", "3"),
            "--seeds and --folds: give one of the two",
        ),
    ],
)
def test_options_that_do_not_fit(
    gru_sent: Callable[..., Result], arguments: tuple[str, ...], says: str
) -> None:
    result = gru_sent("train", *arguments)
    assert result.exit_code == 2
    assert says in " ".join(result.stderr.replace("│", " ").split())


# folds


def test_cross_validation(gru_sent: Callable[..., Result], tiny_config: Path) -> None:
    # a drawn validation split is not needed, nor is its size
    train = ["train", "-c", tiny_config, "--folds", 3, "--set", "data.validation_size=0"]
    result = gru_sent(*train, "--set", "training.epochs=1")
    assert result.exit_code == 0, result.output
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert lines.count("validation split accuracy loss macro F1") == 1
    assert lines.count("test split accuracy loss macro F1") == 1
    for words in ("fold 1", "fold 2", "fold 3", "mean ± standard deviation"):
        assert sum(line.startswith(words) for line in lines) == 2, words
    assert "Each fold's best epoch was chosen on it" in " ".join(lines)
    assert "train without --folds" in " ".join(lines)
    assert lines[-1] == "folder: runs/tiny"
    assert "fold 3 of 3: runs/tiny/fold-3, new" in result.stderr
    assert "more rows, or fewer folds, would help" in result.stderr
    for number in (1, 2, 3):
        data = resolved(f"runs/tiny/fold-{number}")["data"]
        assert (data["folds"], data["fold"]) == (3, number)
    answers = {
        gru_sent("predict", "great film", "--json", *run).stdout
        for run in (["--run", "runs/tiny"], [])
    }
    assert len(answers) == 1
    listed = gru_sent("runs").stdout
    assert listed.count("runs/tiny/fold-") == 3
    assert listed.count("(best)") == 1
    again = gru_sent(*train, "--set", "training.epochs=1")
    assert again.stdout == result.stdout
    assert "fold 1 of 3: runs/tiny/fold-1, finished before" in again.stderr


def test_interrupted_folds_are_resumed(
    gru_sent: Callable[..., Result], tiny_config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(self: LineProgress, record: EvaluationRecord) -> None:
        if Path("runs/tiny/fold-1").is_dir():
            signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(LineProgress, "on_evaluation", interrupt)
        result = gru_sent("train", "-c", tiny_config, "--folds", 2)
    assert result.exit_code == 130
    assert "resume all folds with: gru-sent train --resume runs/tiny" in result.stderr
    refused = gru_sent("evaluate", "runs/tiny")
    assert refused.exit_code == 2
    assert "not all of its 2 folds are finished" in refused.stderr
    done = gru_sent("train", "--resume", "runs/tiny")
    assert done.exit_code == 0, done.stderr
    assert "fold 1 of 2: runs/tiny/fold-1, finished before" in done.stderr
    assert "resuming at epoch 2" in done.stderr
    assert "mean ± standard deviation" in done.stdout


def test_folds_of_a_class_with_few_texts(
    gru_sent: Callable[..., Result], tiny_config: Path
) -> None:
    result = gru_sent("train", "-c", tiny_config, "--folds", 40)
    assert result.exit_code == 2
    assert "class negative has 32 distinct texts for 40 folds" in result.stderr
    assert not list(Path("runs").glob("tiny*"))


def test_few_validation_rows_are_named_with_a_way_out(
    gru_sent: Callable[..., Result], tiny_config: Path
) -> None:
    result = gru_sent("train", "-c", tiny_config, "--set", "training.epochs=1")
    assert "--folds 5 for a steadier estimate" in result.stderr


def test_reproduce(gru_sent: Callable[..., Result], tiny_config: Path) -> None:
    assert gru_sent("train", "--config", tiny_config).exit_code == 0
    equal = gru_sent("reproduce", "runs/latest", "--quiet")
    assert equal.exit_code == 0, equal.stderr
    assert "has the weights and the history of runs/latest" in equal.stdout
    assert Path("runs/tiny-reproduced").is_dir()
    again = gru_sent("reproduce", "runs/tiny")
    assert again.exit_code == 2
    assert "exists already" in again.stderr


def test_reproduce_says_what_differs(gru_sent: Callable[..., Result], tiny_config: Path) -> None:
    assert gru_sent("train", "--config", tiny_config).exit_code == 0
    config = Path("runs/tiny/config.yaml")
    config.write_text(config.read_text("utf-8").replace("seed: 0", "seed: 1"), "utf-8")
    differs = gru_sent("reproduce", "runs/tiny", "--quiet")
    assert differs.exit_code == 2  # the run is not the one that was written
    write_manifest(Path("runs/tiny"), (*NEEDED, CALIBRATION))
    differs = gru_sent("reproduce", "runs/tiny", "--quiet", "--force")
    assert differs.exit_code == 3
    assert "the weights differ by" in differs.stdout
    assert gru_sent("reproduce", "runs/none").exit_code == 2
