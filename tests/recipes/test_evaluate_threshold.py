"""A run's temperature reaches every probability; its threshold is found on validation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import tiny_reviews, write_tiny
from predicting import predict
from trainings import read_json, read_lines, train

from gru_sentiment.artifact.files import CALIBRATION, MANIFEST, METRICS, PREDICTIONS
from gru_sentiment.artifact.manifest import digest
from gru_sentiment.cli.progress import SilentProgress
from gru_sentiment.config.loading import load_config
from gru_sentiment.errors import ArtifactError, ConfigError, DataError
from gru_sentiment.recipes import train as training
from gru_sentiment.recipes.baseline import baseline
from gru_sentiment.recipes.evaluate import evaluate
from gru_sentiment.recipes.score_file import Job, score_file
from gru_sentiment.results.predictions import Decision
from gru_sentiment.trained import scoring

REVIEWS = tiny_reviews(80)
TEXTS = [text for text, _ in REVIEWS]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a run that errs, and of its data and its config."""
    folder = tmp_path_factory.mktemp("calibrated")
    write_tiny(folder)
    changes = [f"run.output={folder / 'run'}", "training.learning_rate=0.1"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scoring, "FEWEST", 1)
        train(folder / "tiny.yaml", *changes)
    return folder


@pytest.fixture
def run(folder: Path) -> Path:
    return folder / "run"


def odds(lines: list[dict[str, Any]]) -> np.ndarray:
    found = np.array([list(line["probabilities"].values()) for line in lines])
    return np.log(found[:, 1]) - np.log(found[:, 0])


def without_temperature(run: Path, copy: Path) -> Path:
    """The run as it was before there were temperatures."""
    copy.mkdir()
    for path in run.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    (copy / CALIBRATION).unlink()
    manifest = read_json(copy / MANIFEST)
    del manifest["sha256"][CALIBRATION]
    (copy / MANIFEST).write_text(json.dumps(manifest), "utf-8")
    return copy


def test_the_temperature_is_stored_with_what_it_changed(run: Path) -> None:
    metrics = read_json(run / METRICS)
    found = metrics["calibration"]
    assert read_json(run / CALIBRATION) == {
        "temperature": found["temperature"],
        "prior": [0.5, 0.5],
    }
    assert found["temperature"] != 1
    assert set(found["before"]) == set(found["after"]) == {"log_loss", "brier", "ece"}
    assert found["after"]["log_loss"] < found["before"]["log_loss"]
    after = {name: metrics["validation"][name] for name in ("loss", "brier", "ece")}
    assert list(after.values()) == list(found["after"].values())
    # what chooses the epoch comes before
    losses = [line["validation_loss"] for line in read_lines(run / "metrics.jsonl")]
    assert found["before"]["log_loss"] == min(losses)


def test_one_temperature_for_every_probability_and_none_for_the_class(
    run: Path, folder: Path, tmp_path: Path
) -> None:
    temperature = read_json(run / CALIBRATION)["temperature"]
    evaluated = evaluate(run, data=folder / "reviews.csv", predictions=True).predictions
    predicted = [prediction.to_json() for prediction in predict(TEXTS, run)]
    score_file(run, Job(folder / "reviews.csv", tmp_path / "out.jsonl"))
    streamed = read_lines(tmp_path / "out.jsonl")
    for other in (predicted, streamed):
        np.testing.assert_allclose(odds(other), odds(evaluated), atol=1e-5)
        assert [line["label"] for line in other] == [line["label"] for line in evaluated]
    raw = [p.to_json() for p in predict(TEXTS, without_temperature(run, tmp_path / "old"))]
    np.testing.assert_allclose(odds(raw) / temperature, odds(predicted), atol=1e-5)
    assert [line["label"] for line in raw] == [line["label"] for line in predicted]


def test_a_baseline_has_one_too(run: Path, folder: Path) -> None:
    path = Path(baseline(load_config(folder / "tiny.yaml", []), model="majority").run)
    metrics = read_json(path / METRICS)
    stored = read_json(path / CALIBRATION)["temperature"]
    assert stored == metrics["calibration"]["temperature"]
    assert evaluate(path, split="validation").metrics.loss == metrics["validation"]["loss"]


# thresholds


@pytest.mark.parametrize("split", ["validation", "test"])
def test_found_on_validation_and_scored_on_the_rows(run: Path, split: str) -> None:
    evaluation = evaluate(run, split=split, threshold="f1.negative", predictions=True)
    found = evaluation.threshold
    assert found is not None
    assert (found.by, found.positive, found.of) == ("f1.negative", "positive", "negative")
    told = {"validation": read_lines(run / PREDICTIONS), split: evaluation.predictions}
    assert list(dict.fromkeys(scores.data for scores in found.scores)) == list(told)
    for scores in found.scores:
        pairs = [
            (line["true"], line["probabilities"]["positive"] >= scores.threshold)
            for line in told[scores.data]
        ]
        right = sum((true == "positive") == guess for true, guess in pairs)
        assert scores.accuracy == right / len(pairs)
        hits = pairs.count(("negative", False))
        assert scores.recall == hits / sum(true == "negative" for true, _ in pairs)
    at_half, chosen = found.scores[0], found.scores[-1]
    assert (at_half.threshold, chosen.threshold) == (0.5, found.threshold)
    # all other scores are those of the likelier class
    assert evaluation.metrics.accuracy == read_json(run / METRICS)[split]["accuracy"]


def test_predict_uses_it(run: Path, folder: Path, tmp_path: Path) -> None:
    found = evaluate(run, threshold="recall=1").threshold
    assert found is not None
    plain = predict(TEXTS, run)
    predicted = predict(TEXTS, run, decision=Decision(found.threshold))
    expected = [
        "positive" if answer.probabilities["positive"] >= found.threshold else "negative"
        for answer in plain
    ]
    assert [answer.label for answer in predicted] == expected
    assert [answer.probabilities for answer in predicted] == [a.probabilities for a in plain]
    job = Job(folder / "reviews.csv", tmp_path / "out.jsonl", decision=Decision(found.threshold))
    score_file(run, job)
    assert [line["label"] for line in read_lines(tmp_path / "out.jsonl")] == expected
    validation = [line["row"] for line in read_lines(run / PREDICTIONS)]
    assert all(
        expected[row - 1] == "positive" for row in validation if REVIEWS[row - 1][1] == "positive"
    )


def test_with_a_file_the_run_needs_none_of_its_own_data(run: Path, folder: Path) -> None:
    own = (folder / "reviews.csv").rename(folder / "moved.csv")
    try:
        found = evaluate(run, data=own, threshold="accuracy").threshold
    finally:
        own.rename(folder / "reviews.csv")
    assert found is not None
    assert {scores.data for scores in found.scores} == {"validation", str(own)}


def test_what_no_threshold_reaches(run: Path, tmp_path: Path) -> None:
    changed = without_temperature(run, tmp_path / "old")
    lines = read_lines(changed / PREDICTIONS)
    for line in lines:
        line["probabilities"] = {"negative": 0.5, "positive": 0.5}
    (changed / PREDICTIONS).write_text("".join(json.dumps(x) + "\n" for x in lines), "utf-8")
    with pytest.raises(ArtifactError, match="is not the file that was written"):
        evaluate(changed, threshold="precision=0.9")
    manifest = read_json(changed / MANIFEST)
    manifest["sha256"][PREDICTIONS] = digest(changed / PREDICTIONS)
    (changed / MANIFEST).write_text(json.dumps(manifest), "utf-8")
    with pytest.raises(DataError, match=r"precision=0\.9: no threshold reaches it .* reaches 0\.5"):
        evaluate(changed, threshold="precision=0.9")
    (changed / PREDICTIONS).unlink()
    with pytest.raises(ArtifactError, match=f"{PREDICTIONS} missing"):
        evaluate(changed, threshold="accuracy")


def test_three_classes_have_no_threshold(tiny_config: Path, reviews_csv: Path) -> None:
    header, *rows = reviews_csv.read_text("utf-8").splitlines()
    rows = [f"{row.rsplit(',', 1)[0]},{'abc'[i % 3]}" for i, row in enumerate(rows)]
    reviews_csv.write_text("\n".join([header, *rows]) + "\n", "utf-8")
    config = load_config(
        tiny_config,
        ["training.loss=cross_entropy", "training.epochs=1", f"run.output={tiny_config.parent}/r"],
    )
    run = Path(training.train(config, SilentProgress()).run)
    job = Job(reviews_csv, tiny_config.parent / "out.jsonl", decision=Decision(0.5))
    for act in (
        lambda: evaluate(run, threshold="accuracy"),
        lambda: predict(["great"], run, decision=Decision(0.5)),
        lambda: score_file(run, job),
    ):
        with pytest.raises(ConfigError, match="the run has 3 classes: a, b, c"):
            act()
    assert not (tiny_config.parent / "out.jsonl").exists()
