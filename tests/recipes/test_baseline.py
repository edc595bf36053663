"""Baselines on a config's own parts: scores, the folder they leave, what is answered from it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import tiny_reviews, write_csv
from predicting import predict
from trainings import plain, read_json

from gru_sentiment.baselines import fitting
from gru_sentiment.builders.corpus import build_corpus
from gru_sentiment.builders.device import build_device
from gru_sentiment.config.loading import load_config
from gru_sentiment.config.sections import Config
from gru_sentiment.errors import ArtifactError, ConfigError, DataError, MissingPackageError
from gru_sentiment.recipes import train as training
from gru_sentiment.recipes.baseline import baseline
from gru_sentiment.recipes.evaluate import evaluate
from gru_sentiment.trained.reader import load_run


@pytest.fixture
def config(tiny_config: Path) -> Config:
    return load_config(tiny_config)


def test_all_three_are_fitted_and_scored(config: Config) -> None:
    result = baseline(config)
    assert list(result.scores) == ["majority", "tfidf", "nb"] == list(result.fit_s)
    for scores in result.scores.values():
        assert list(scores) == ["validation", "test"]
        assert {metrics.n for metrics in scores.values()} == {16}
    majority = result.scores["majority"]["validation"]
    assert majority.accuracy == 0.5
    assert majority.loss == pytest.approx(np.log(2), abs=1e-6)
    assert result.scores["tfidf"]["validation"].accuracy > 0.6
    best = max(scores["validation"].accuracy for scores in result.scores.values())
    assert result.scores[result.model]["validation"].accuracy == best
    assert result.ngrams["majority"] == 0 < result.ngrams["tfidf"]


def test_the_folder_holds_what_was_said(config: Config) -> None:
    result = baseline(config)
    run = Path(result.run)
    assert run == Path("runs/baseline")
    stored = read_json(run / "metrics.json")
    assert list(stored) == ["validation", "test", "models", "calibration"]
    for name, scores in result.scores.items():
        for split, metrics in scores.items():
            assert stored["models"][name][split] == metrics.to_json()
    assert stored["test"] == stored["models"][result.model]["test"]
    about = read_json(run / "metadata.json")
    corpus = build_corpus(config)
    assert about["data_fingerprint"] == corpus.records.fingerprint
    assert about["rows"] == {split: len(rows) for split, rows in corpus.splits.items()}
    assert about["model"] == result.model == read_json(run / "kind.json")["model"]
    lines = (run / "predictions-validation.jsonl").read_text("utf-8").splitlines()
    rows = corpus.splits["validation"] + 1
    assert [json.loads(line)["row"] for line in lines] == rows.tolist()
    assert set(read_json(run / "manifest.json")["sha256"]) == {
        path.name for path in run.iterdir() if path.name != "manifest.json"
    }


@pytest.mark.parametrize("split", ["validation", "test"])
@pytest.mark.parametrize("model", ["majority", "tfidf", "nb"])
def test_evaluate_gives_the_same_scores_again(config: Config, model: str, split: str) -> None:
    result = baseline(config, model=model, output=Path("mine"))
    assert result.model == model
    found = evaluate(Path("mine"), split=split)
    assert plain(found.metrics) == plain(result.scores[model][split])
    assert found.baseline is None


def test_answers_need_no_scikit_learn(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Path(baseline(config).run)
    monkeypatch.setitem(sys.modules, "sklearn", None)
    monkeypatch.setitem(sys.modules, "scipy", None)
    good, empty, unheard = predict(["wonderful great story", "", "xyzzy"], run)
    assert good.label == "positive"
    assert (good.tokens, empty.tokens, unheard.unknown_tokens) == (3, 0, 1)
    assert empty.probabilities == unheard.probabilities


def test_texts_are_read_whole_whatever_the_config_cuts(config: Config) -> None:
    run = Path(baseline(config).run)
    long = "the film was " * 20 + "wonderful " + "and the plot was " * 20
    (answer,) = predict([long], run)
    assert (answer.tokens, answer.truncated) == (141, False)


def test_a_second_fit_gives_the_same_bytes(config: Config) -> None:
    first = baseline(config, output=Path("a"))
    second = baseline(config, output=Path("b"))
    assert first.model == second.model
    for name in (
        "model.safetensors",
        "vocabulary.txt",
        "kind.json",
        "predictions-validation.jsonl",
    ):
        assert (Path("a") / name).read_bytes() == (Path("b") / name).read_bytes()


def test_only_training_words_are_known(config: Config) -> None:
    run = load_run(Path(baseline(config).run), build_device("cpu"))
    corpus = build_corpus(config)
    counts = corpus.tokenized.counts(corpus.splits["train"])
    assert set(run.vocabulary.words[2:]) == {word for word, n in counts.items() if n > 1}


def test_more_than_two_classes(config: Config, tmp_path: Path) -> None:
    rows = [(text, ["a", "b", "c"][i % 3]) for i, (text, _) in enumerate(tiny_reviews(60))]
    rows = [(f"{text} about{label} about{label}", label) for text, label in rows]
    write_csv(tmp_path / "reviews.csv", rows)
    result = baseline(config)
    assert result.scores[result.model]["validation"].accuracy > 0.9
    answer = predict(["aboutc the film"], Path(result.run))[0]
    assert answer.label == "c"
    assert sum(answer.probabilities.values()) == pytest.approx(1)


def test_a_small_training_part(config: Config) -> None:
    small = config.model_copy(update={"data": config.data.model_copy(update={"train_size": 10})})
    result = baseline(small)
    about = read_json(Path(result.run) / "metadata.json")
    assert about["rows"] == {"train": 10, "validation": 16, "test": 16}


def test_the_networks_folder_is_left_alone(config: Config) -> None:
    run = config.run.model_copy(update={"output": Path("net")})
    assert baseline(config.model_copy(update={"run": run})).run == "runs/baseline"
    assert not Path("net").exists()
    assert baseline(config).run == "runs/baseline-2"
    with pytest.raises(ArtifactError, match="exists already"):
        baseline(config, output=Path("runs/baseline"))
    assert baseline(config, output=Path("runs/baseline"), force=True).run == "runs/baseline"


def test_what_cannot_be_fitted(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="--model svm: there is none") as caught:
        baseline(config, model="svm")
    assert caught.value.hint == "choose majority, tfidf, nb"

    def missing() -> str:
        raise MissingPackageError("no scikit-learn")

    monkeypatch.setattr("gru_sentiment.recipes.baseline.library_version", missing)
    with pytest.raises(MissingPackageError):
        baseline(config)
    assert not Path("runs").exists()


def test_a_class_that_is_in_no_training_row(config: Config, tmp_path: Path) -> None:
    write_csv(tmp_path / "test.csv", [("a film", "neutral"), ("a plot", "positive")])
    data = config.data.model_copy(update={"test_path": tmp_path / "test.csv"})
    with pytest.raises(DataError, match=r"label 'neutral' of 1 of 2 rows .* that no row of"):
        baseline(config.model_copy(update={"data": data}))
    assert not Path("runs/baseline.partial").exists()


def test_an_interruption_leaves_nothing(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setitem(fitting.MODELS, "nb", interrupt)
    with pytest.raises(KeyboardInterrupt):
        baseline(config)
    assert list(Path("runs").iterdir()) == []


def test_no_training_goes_on_with_it(config: Config) -> None:
    run = Path(baseline(config).run)
    run.rename("runs/baseline.partial")
    with pytest.raises(ArtifactError, match=r"baseline\.partial: is a baseline, not a") as caught:
        training.resume(run, None)  # type: ignore[arg-type]
    assert "gru-sent baseline" in caught.value.hint
