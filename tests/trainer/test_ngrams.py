"""N-grams beside a network: one run, one prediction, the better one counts for more."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from conftest import write_tiny
from predicting import predict
from trainings import StoppedError, Stopping, outcome

from gru_sentiment.artifact.files import CALIBRATION, MANIFEST, METRICS, NGRAMS, WEIGHTS
from gru_sentiment.artifact.manifest import digest
from gru_sentiment.builders.corpus import build_corpus
from gru_sentiment.cli.progress import SilentProgress
from gru_sentiment.config.loading import load_config
from gru_sentiment.errors import ArtifactError
from gru_sentiment.postprocess.joint import fuse_predictions
from gru_sentiment.recipes import train as recipe
from gru_sentiment.recipes.baseline import baseline
from gru_sentiment.recipes.evaluate import evaluate
from gru_sentiment.recipes.fuse import fuse
from gru_sentiment.results.training import TrainingResult
from gru_sentiment.trained.network import Network
from gru_sentiment.trained.reader import load_run

CPU, RUN = torch.device("cpu"), Path("runs/both")


@pytest.fixture(autouse=True)
def _with_reviews(tmp_path: Path) -> None:
    write_tiny(tmp_path)


def train(*overrides: str, observer: Any = None, run: Path = RUN) -> TrainingResult:
    wanted = ["model.ngrams=true", f"run.output={run}", *overrides]
    config = load_config(Path("tiny.yaml"), wanted)
    return recipe.train(config, observer or SilentProgress(), force=True)


def read(path: Path = RUN) -> Network:
    run = load_run(path, CPU)
    assert isinstance(run, Network)
    return run


def value(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((RUN / name).read_bytes())
    return found


def test_a_run_predicts_the_weighted_sum() -> None:
    result = train()
    run, corpus = read(), build_corpus(load_config(Path("tiny.yaml")))
    assert run.ngrams is not None
    assert run.calibration.weights is not None
    rows = np.arange(len(corpus.tokenized))
    alone = [
        Network(RUN, run.config, run.vocabulary, run.labels, run.model, CPU),
        run.ngrams,
    ]
    each = [one.predict(corpus.tokenized, rows).log_probabilities for one in alone]
    calibration = run.calibration
    joint = fuse_predictions(np.stack(each).astype(float), calibration.weights)
    joint = joint / calibration.temperature
    joint -= np.logaddexp.reduce(joint, axis=1, keepdims=True)
    found = run.predict(corpus.tokenized, rows).log_probabilities
    np.testing.assert_allclose(found, joint, atol=1e-6)
    assert run.calibration.weights.tolist() == list(result.weights.values())
    assert value("metadata.json")["ngrams"]["weights"] == result.weights


def test_its_scores_are_those_of_both_and_each_stands_beside_them() -> None:
    result = train()
    stored = value(METRICS)
    assert list(stored["members"]) == ["network", "n-grams"]
    for split in ("validation", "test"):
        assert stored[split]["accuracy"] == result.metrics[split].accuracy
        again = evaluate(RUN, split=split)
        assert again.metrics.accuracy == stored[split]["accuracy"]
        assert again.metrics.loss == pytest.approx(stored[split]["loss"], abs=1e-6)
    joint = stored["validation"]["loss"]
    assert joint <= min(one["validation"]["loss"] for one in stored["members"].values()) + 1e-6


def test_the_network_is_that_of_a_training_without_them() -> None:
    train()
    train("model.ngrams=false", run=Path("runs/alone"))
    both, alone = (path / WEIGHTS for path in (RUN, Path("runs/alone")))
    assert digest(both) == digest(alone)
    assert not (Path("runs/alone") / "members").exists()
    assert set(json.loads((Path("runs/alone") / CALIBRATION).read_bytes())) == {
        "temperature",
        "prior",
    }


def test_what_is_useless_counts_for_nothing() -> None:
    """A network that was hardly trained, beside n-grams that know all."""
    result = train("training.epochs=1", "training.learning_rate=1e-7")
    network, ngrams = (result.members[name]["validation"] for name in ("network", "n-grams"))
    assert network.accuracy < 1
    assert ngrams.accuracy == result.metrics["validation"].accuracy == 1


def test_a_resumed_training_ends_with_the_same_run() -> None:
    train("run.checkpoint_every=1 step")
    whole, ngrams, last = outcome(RUN), digest(RUN / NGRAMS / WEIGHTS), value(CALIBRATION)
    with pytest.raises(StoppedError):
        train("run.checkpoint_every=1 step", observer=Stopping(5))
    recipe.resume(RUN, SilentProgress())
    assert outcome(RUN) == whole
    assert digest(RUN / NGRAMS / WEIGHTS) == ngrams
    assert value(CALIBRATION) == last


def test_a_training_that_is_resumed_without_them_keeps_none() -> None:
    train("run.keep_checkpoint=true")
    recipe.resume(RUN, SilentProgress(), overrides=["model.ngrams=false"])
    assert not (RUN / "members").exists()
    assert read().ngrams is None
    recipe.resume(RUN, SilentProgress(), overrides=["model.ngrams=true"])
    assert read().ngrams is not None


@pytest.mark.parametrize("name", [WEIGHTS, "vocabulary.txt", "kind.json"])
@pytest.mark.parametrize("change", ["damaged", "missing"])
def test_a_damaged_part_is_named(name: str, change: str) -> None:
    train()
    path = RUN / NGRAMS / name
    if change == "missing":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(ArtifactError) as caught:
        load_run(RUN, CPU)
    assert f"{NGRAMS}/{name}" in caught.value.cause


@pytest.mark.parametrize("weights", [None, [1], [1, -1], ["1", 1], [1, 1e9], [0.5, float("nan")]])
def test_what_are_no_weights(weights: object) -> None:
    train()
    known = value(CALIBRATION) | {"weights": weights}
    (RUN / CALIBRATION).write_text(json.dumps(known), "utf-8")
    manifest = value(MANIFEST)
    manifest["sha256"][CALIBRATION] = digest(RUN / CALIBRATION)
    (RUN / MANIFEST).write_text(json.dumps(manifest), "utf-8")
    with pytest.raises(ArtifactError, match=r"calibration\.json: weights are .*, expected those"):
        load_run(RUN, CPU)


def test_a_moved_and_a_fused_run_predict_the_same() -> None:
    train()
    texts = ["great film", "awful awful film", "zyx", ""]
    expected = [prediction.probabilities for prediction in predict(texts, RUN)]
    shutil.copytree(RUN, "elsewhere")
    assert [
        prediction.probabilities for prediction in predict(texts, Path("elsewhere"))
    ] == expected
    baseline(load_config(Path("tiny.yaml")), output=Path("runs/linear"), model="tfidf")
    fuse([RUN, Path("runs/linear")], output=Path("runs/fused"))
    shutil.rmtree(RUN)
    member = Path("runs/fused/members/0")
    assert [prediction.probabilities for prediction in predict(texts, member)] == expected
    assert predict(texts, Path("runs/fused"))[0].label == "positive"
