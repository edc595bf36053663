"""Texts of any number of classes, from the file to scores, gates and predictions."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest
from predicting import predict
from trainings import read_json, read_lines, train

from gru_sentiment.artifact.files import CALIBRATION, LABELS, METRICS, PREDICTIONS
from gru_sentiment.artifact.manifest import named, write_manifest
from gru_sentiment.config.loading import load_config
from gru_sentiment.errors import ArtifactError, ConfigError, DataError
from gru_sentiment.recipes.baseline import baseline
from gru_sentiment.recipes.check_data import check_data
from gru_sentiment.recipes.evaluate import evaluate
from gru_sentiment.recipes.fuse import fuse
from gru_sentiment.recipes.init import config_for, survey
from gru_sentiment.recipes.score_file import Job, score_file
from gru_sentiment.results.predictions import Decision

EIGHT = [
    ("a funny film", "funny"),
    ("a slow film", "slow"),
    ("a funny slow film", "funny|slow"),
    ("a film", ""),
    ("warm and funny", "funny|warm"),
    ("warm and slow", "slow|warm"),
    ("warm funny slow", "funny|slow|warm"),
    ("warm it was", "warm"),
]
"""Every set of three classes, each told by its words."""
CONFIG = """\
data: {source: files, path: train.csv, validation_path: validation.csv, test_size: 0,
       label_separator: "|"}
text: {max_tokens: 20, head_tokens: 10, min_frequency: 1}
vectors: {source: none, dimension: 16}
model: {hidden_size: 16}
training: {epochs: 40, batch_size: 8, learning_rate: 0.05, schedule: constant}
run: {threads: 1}
"""


def write(path: Path, rows: list[tuple[str, str]]) -> Path:
    lines = [f"{text},{label}" for text, label in rows]
    path.write_text("\n".join(["text,label", *lines]) + "\n", "utf-8")
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a run that has learned the eight texts by heart."""
    folder = tmp_path_factory.mktemp("sets")
    write(folder / "train.csv", EIGHT * 8)
    others = [(f"{text} .", label) for text, label in EIGHT]
    write(folder / "validation.csv", others * 8)
    (folder / "sets.yaml").write_text(CONFIG, "utf-8")
    train(folder / "sets.yaml", f"run.output={folder / 'run'}")
    return folder


@pytest.fixture
def run(folder: Path) -> Path:
    return folder / "run"


def test_eight_texts_are_learned_saved_and_read_again(folder: Path, run: Path) -> None:
    texts = [text for text, _ in EIGHT]
    found = [prediction.label for prediction in predict(texts, run)]
    assert found == [label.split("|") if label else [] for _, label in EIGHT]
    assert read_json(run / LABELS) == {"label_sets": ["funny", "slow", "warm"], "separator": "|"}
    assert len(read_json(run / CALIBRATION)["thresholds"]) == 3
    metrics = read_json(run / METRICS)["validation"]
    assert (metrics["accuracy"], metrics["micro_f1"], metrics["macro_f1"]) == (1, 1, 1)
    # what the training saved is what the stored run predicts
    evaluation = evaluate(run, split="validation", predictions=True)
    saved = read_lines(run / PREDICTIONS)
    assert [line["label"] for line in evaluation.predictions] == [line["label"] for line in saved]
    for ours, theirs in zip(evaluation.predictions, saved, strict=True):
        for name, value in theirs["probabilities"].items():
            assert ours["probabilities"][name] == pytest.approx(value, abs=1e-6)
    assert saved[2]["true"] == ["funny", "slow"]


def test_probabilities_are_those_of_each_class_by_itself(run: Path) -> None:
    (both, none) = predict(["a funny slow film", "a film"], run)
    assert sum(both.probabilities.values()) == pytest.approx(2, abs=0.2)
    assert sum(none.probabilities.values()) == pytest.approx(0, abs=0.2)


def test_a_threshold_for_all_classes(run: Path) -> None:
    (found,) = predict(["a funny slow film"], run, decision=Decision(threshold=0.999999))
    assert found.label == []
    (found,) = predict(["a film"], run, decision=Decision(threshold=1e-9))
    assert found.label == ["funny", "slow", "warm"]
    with pytest.raises(ConfigError, match="--abstain: the run predicts any number of classes"):
        predict(["a film"], run, decision=Decision(abstain=0.5))


def test_gates_of_labels_and_of_averages(folder: Path, run: Path) -> None:
    data = write(Path("other.csv"), [*EIGHT, ("a slow film", "funny")])
    found = evaluate(
        run, data=data, fail_under=["f1.slow=0.99", "recall.funny=0.7", "micro_f1=0.8@lower"]
    )
    # one row more predicts slow where it is funny: 4 right of 5 predicted
    values = {gate.metric: (gate.value, gate.passed) for gate in found.gates}
    assert values["f1.slow"] == (pytest.approx(8 / 9), False)
    assert values["recall.funny"] == (pytest.approx(4 / 5), True)
    assert found.metrics.accuracy == pytest.approx(8 / 9)
    assert found.metrics.micro_f1 == pytest.approx(24 / 26)
    with pytest.raises(ConfigError, match=r"no metric 'f1\.slwo'; did you mean f1\.slow"):
        evaluate(run, data=data, fail_under=["f1.slwo=0.5"])
    with pytest.raises(ConfigError, match="no metric 'mcc'"):
        evaluate(run, data=data, fail_under=["mcc=0.5"])


def test_a_file_of_lists_is_scored_by_a_run_of_separated_labels(run: Path) -> None:
    rows = [{"text": text, "label": label.split("|") if label else []} for text, label in EIGHT]
    Path("a.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n", "utf-8")
    assert evaluate(run, data=Path("a.jsonl")).metrics.accuracy == 1
    rows[0]["label"] = ["dull"]
    Path("a.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n", "utf-8")
    with pytest.raises(DataError, match=r"the label 'dull' of 1 of 7 rows \(row 1\)"):
        evaluate(run, data=Path("a.jsonl"))


def test_compared_with_saved_predictions_and_with_itself(run: Path) -> None:
    for other in (run / PREDICTIONS, run):
        found = evaluate(run, split="validation", against=other)
        assert found.against is not None
        assert found.against.comparison.difference == 0


def test_predicted_rows_of_every_format(run: Path) -> None:
    source = write(Path("in.csv"), EIGHT)
    expected = [label for _, label in EIGHT]
    for kind in ("csv", "jsonl", "parquet"):
        target = Path(f"out.{kind}")
        score_file(run, Job(source, target, keep_columns=kind == "csv"))
        if kind == "csv":
            with target.open(newline="") as stream:
                rows: list[Any] = list(csv.DictReader(stream))
            assert [row["label"] for row in rows] == expected
            assert [row["input_label"] for row in rows] == expected
        elif kind == "jsonl":
            assert ["|".join(row["label"]) for row in read_lines(target)] == expected
        else:
            lists = pyarrow.parquet.read_table(target)["label"].to_pylist()
            assert ["|".join(row) for row in lists] == expected


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("model.ngrams=true", "model.ngrams and gru-sent baseline: is for texts of one class"),
        ("training.loss=cross_entropy", "training.loss cross_entropy: is for texts of one class"),
        ("training.adversarial.kind=virtual", "kind virtual: is for texts of one class each"),
    ],
)
def test_what_is_for_one_class_is_refused_before_a_training(
    folder: Path, change: str, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        train(folder / "sets.yaml", change, f"run.output={folder / 'never'}")
    assert not (folder / "never").exists()


def test_commands_for_one_class_are_refused(folder: Path, run: Path) -> None:
    with pytest.raises(DataError, match="gru-sent baseline: is for texts of one class"):
        baseline(load_config(folder / "sets.yaml"))
    with pytest.raises(DataError, match="gru-sent fuse: is for texts of one class"):
        fuse([run, run])
    with pytest.raises(DataError, match="--threshold: is for texts of one class"):
        evaluate(run, split="validation", threshold="f1")


def test_micro_f1_is_for_label_sets(folder: Path, tiny_config: Path) -> None:
    with pytest.raises(DataError, match=r"training\.monitor micro_f1: is for texts of several"):
        train(tiny_config, "training.monitor=micro_f1")
    train(
        folder / "sets.yaml",
        "training.monitor=micro_f1",
        "training.epochs=1",
        f"run.output={folder / 'monitored'}",
    )


def test_init_sees_label_sets() -> None:
    rows = [(f"{text} number {i}", label) for i, (text, label) in enumerate(EIGHT * 5)]
    path = write(Path("some.csv"), rows)
    found = survey(path)
    assert (found.label_separator, found.label_sets, found.rows) == ("|", 40, 40)
    assert found.classes == {"funny": 20, "slow": 20, "warm": 20}
    config = config_for(path)
    assert config.data.label_separator == "|"
    assert not config.model.ngrams
    lists = [{"text": text, "tags": label.split("|")} for text, label in rows]
    Path("lists.jsonl").write_text("\n".join(map(json.dumps, lists)), "utf-8")
    found = survey(Path("lists.jsonl"), texts="text", labels="tags")
    assert (found.label_separator, found.label_sets) == (None, 40)


def test_data_check_counts_a_row_for_each_class(folder: Path) -> None:
    report = check_data(load_config(folder / "sets.yaml"))
    assert report.splits["train"].rows == 64
    assert report.splits["train"].labels == {"funny": 32, "slow": 32, "warm": 32}
    assert report.conflicts == []


def test_damaged_thresholds_are_found(run: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    values = read_json(copy / CALIBRATION)
    values["thresholds"] = [0.5, 2.0, 0.5]
    (copy / CALIBRATION).write_text(json.dumps(values), "utf-8")
    write_manifest(copy, named(copy))
    with pytest.raises(ArtifactError, match=r"thresholds are .* expected one for each of 3"):
        predict(["a film"], copy)
