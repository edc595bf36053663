"""Fusions of runs on one set of data: scores apart and together, and what cannot be fused."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import write_tiny
from predicting import predict
from trainings import plain, read_json

from gru_sentiment.builders.corpus import build_corpus
from gru_sentiment.builders.device import build_device
from gru_sentiment.cli.progress import SilentProgress
from gru_sentiment.config.loading import load_config
from gru_sentiment.errors import ArtifactError
from gru_sentiment.postprocess.fusion import fit_weights, log_loss
from gru_sentiment.recipes import fuse as recipe
from gru_sentiment.recipes import train as training
from gru_sentiment.recipes.baseline import baseline
from gru_sentiment.recipes.evaluate import evaluate
from gru_sentiment.results.training import FusionResult
from gru_sentiment.trained.reader import load_run

NETWORK, LINEAR = Path("runs/net"), Path("runs/linear")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a config, its data, a net and a baseline."""
    folder = tmp_path_factory.mktemp("fuse")
    write_tiny(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        train(NETWORK)
        baseline(load_config(Path("tiny.yaml")), output=LINEAR, model="tfidf")
    return folder


@pytest.fixture(autouse=True)
def _in_folder(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(trained, tmp_path / "work", symlinks=True)
    monkeypatch.chdir(tmp_path / "work")


def train(path: Path, *overrides: str) -> Path:
    learned = ["training.learning_rate=0.1", f"run.output={path}", *overrides]
    training.train(load_config(Path("tiny.yaml"), learned), SilentProgress())
    return path


def fuse(*paths: Path, **options: Any) -> FusionResult:
    return recipe.fuse(paths or (NETWORK, LINEAR), **options)


def test_each_run_and_all_together_are_scored() -> None:
    result = fuse()
    assert result.run == "runs/fused"
    assert list(result.weights) == list(result.scores) == [str(NETWORK), str(LINEAR)]
    for path, scores in result.scores.items():
        for split, metrics in scores.items():
            assert plain(metrics) == plain(evaluate(Path(path), split=split).metrics)
    assert list(result.fused) == ["validation", "test"]
    together = result.fused["validation"].loss
    assert together <= min(one["validation"].loss for one in result.scores.values())
    assert result.baseline["validation"].run == str(LINEAR)


def test_weights_see_validation_rows_alone() -> None:
    result = fuse()
    corpus = build_corpus(load_config(Path("tiny.yaml")))
    rows = corpus.splits["validation"]
    members = [load_run(path, build_device("cpu")) for path in (NETWORK, LINEAR)]
    answers = [member.predict(corpus.tokenized, rows).log_probabilities for member in members]
    stacked = np.stack(answers).astype(np.float64)
    labels = corpus.label_ids[rows]
    weights = fit_weights(stacked, labels)
    assert list(result.weights.values()) == weights.tolist()
    assert result.fused["validation"].loss == pytest.approx(log_loss(stacked, labels, weights))


def test_the_folder_stands_alone() -> None:
    result = fuse()
    expected = predict(["a wonderful film", "awful"], Path(result.run))
    scores = {split: evaluate(Path(result.run), split=split).metrics for split in result.fused}
    for split, metrics in scores.items():
        assert plain(metrics) == plain(result.fused[split])
    shutil.rmtree(NETWORK)
    shutil.rmtree(LINEAR)
    assert predict(["a wonderful film", "awful"], Path(result.run)) == expected
    assert plain(evaluate(Path(result.run), data=Path("reviews.csv")).metrics)["n"] == 80
    stored = read_json(Path(result.run) / "metrics.json")
    assert list(stored) == ["validation", "test", "members"]
    assert stored["test"] == result.fused["test"].to_json()
    for path, one in result.scores.items():
        assert stored["members"][path] == {split: m.to_json() for split, m in one.items()}
    about = read_json(Path(result.run) / "metadata.json")
    assert [member["run"] for member in about["members"]] == [str(NETWORK), str(LINEAR)]
    assert about["rows"] == {"validation": 16, "test": 16}
    assert not list(Path(result.run).rglob("*.tmp"))


def test_the_order_of_the_runs_changes_nothing_but_the_order() -> None:
    first, second = fuse(), fuse(LINEAR, NETWORK)
    assert second.run == "runs/fused-2"
    for path, weight in first.weights.items():
        assert second.weights[path] == pytest.approx(weight, rel=1e-4)
    for split, metrics in first.fused.items():
        assert second.fused[split].loss == pytest.approx(metrics.loss, abs=1e-6)


def test_a_net_of_another_vocabulary_and_cut() -> None:
    other = train(Path("runs/other"), "text.max_tokens=5", "text.head_tokens=2", "run.seed=4")
    result = fuse(NETWORK, other, LINEAR)
    assert len(result.weights) == 3
    assert evaluate(Path(result.run), split="test").metrics.n == 16


def test_without_a_test_part() -> None:
    a = train(Path("runs/a"), "data.test_size=0", "training.epochs=1")
    b = train(Path("runs/b"), "data.test_size=0", "training.epochs=1", "run.seed=1")
    result = fuse(a, b)
    assert list(result.fused) == ["validation"]
    assert all(list(scores) == ["validation"] for scores in result.scores.values())


def test_a_smaller_training_part_beside_a_larger_one() -> None:
    small = train(Path("runs/small"), "data.train_size=20", "training.epochs=1")
    assert len(fuse(NETWORK, small).weights) == 2


def refused(*paths: Path) -> ArtifactError:
    with pytest.raises(ArtifactError) as caught:
        recipe.fuse(paths)
    assert not Path("runs/fused").exists()
    assert not Path("runs/fused.partial").exists()
    return caught.value


def test_one_run_is_no_fusion() -> None:
    assert "2 to 64 runs, 1 given" in refused(NETWORK).cause
    assert "2 to 64 runs, 0 given" in refused().cause


def test_a_run_given_twice() -> None:
    assert refused(NETWORK, LINEAR, Path("runs/../runs/net")).cause.endswith("is given twice")


def test_other_validation_rows() -> None:
    other = train(Path("runs/other"), "data.seed=1", "training.epochs=1")
    error = refused(NETWORK, other)
    assert error.cause == (
        "runs/other: its validation split holds other rows than that of runs/net"
    )
    assert "data.seed" in error.hint


def test_other_data() -> None:
    shutil.copy("reviews.csv", "more.csv")
    with Path("more.csv").open("a") as file:
        file.write("one more film,positive\n")
    other = train(Path("runs/other"), "data.path=more.csv", "training.epochs=1")
    assert "was not trained on the data of runs/net (fingerprint" in refused(NETWORK, other).cause
    (other / "metadata.json").unlink()
    assert "fingerprint None" in refused(NETWORK, other).cause


def test_data_that_changed() -> None:
    text = Path("reviews.csv").read_text("utf-8")
    Path("mine.csv").write_text(text, "utf-8")
    a, b = (
        train(Path(f"runs/{seed}"), "data.path=mine.csv", "training.epochs=1", f"run.seed={seed}")
        for seed in (1, 2)
    )
    Path("mine.csv").write_text(text + "one more film,positive\n", "utf-8")
    assert "changed since training" in refused(a, b).cause


def test_other_classes() -> None:
    text = Path("reviews.csv").read_text("utf-8")
    Path("other.csv").write_text(text.replace(",negative", ",bad"), "utf-8")
    other = train(Path("runs/other"), "data.path=other.csv", "training.epochs=1")
    error = refused(NETWORK, other)
    assert error.cause == (
        "runs/other: has the classes bad, positive; runs/net has negative, positive"
    )


def test_other_words() -> None:
    other = train(Path("runs/other"), "text.lowercase=false", "training.epochs=1")
    assert "text.lowercase are not those of runs/net" in refused(NETWORK, other).cause


def test_a_fusion_of_fusions_and_an_encoder() -> None:
    path = Path(fuse(output=Path("runs/first")).run)
    error = refused(NETWORK, path)
    assert (error.cause, error.hint) == (
        "runs/first: is a fusion already",
        "fuse what it is made of: the run folders in its members/",
    )
    assert len(fuse(path / "members/0", path / "members/1").weights) == 2
    shutil.rmtree("runs/fused")
    (NETWORK / "kind.json").write_text('{"kind": "encoder"}', "utf-8")
    assert "is a pre-trained encoder" in refused(NETWORK, LINEAR).cause


def test_an_existing_run_needs_force() -> None:
    fuse(output=Path("mine"))
    with pytest.raises(ArtifactError, match="mine: exists already"):
        fuse(output=Path("mine"))
    assert fuse(output=Path("mine"), force=True).run == "mine"
