"""The Python interface: load, predict, what scikit-learn and notebooks ask for, train."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import gru_sentiment
from gru_sentiment.errors import ConfigError, DataError
from gru_sentiment.inference.classifier import Classifier

from .networks import SETS, TEXTS, THREE, write_network


def test_a_run_by_its_path_and_the_one_in_the_package() -> None:
    bundled = gru_sentiment.load()
    assert isinstance(bundled, gru_sentiment.Classifier)
    (prediction,) = bundled.predict(["What a waste of two hours."])
    assert isinstance(prediction, gru_sentiment.Prediction)
    assert prediction.label == "negative"
    assert bundled.labels == ["negative", "positive"]
    assert bundled.metadata["rows"]["train"] > 1000
    path = write_network()
    assert gru_sentiment.load(path).path == gru_sentiment.load(str(path)).path == path


def test_probabilities_are_those_of_the_predictions() -> None:
    classifier = gru_sentiment.load(write_network(labels=THREE))
    found = classifier.predict_proba(TEXTS)
    assert found.shape == (len(TEXTS), 3)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found.sum(axis=1), 1)
    by_name = [list(one.probabilities.values()) for one in classifier.predict(TEXTS)]
    np.testing.assert_array_equal(found, by_name)


def test_decisions() -> None:
    classifier = gru_sentiment.load(write_network())
    texts = ["It's good."]
    (low,) = classifier.predict(texts, threshold=1e-9)
    (high,) = classifier.predict(texts, threshold=1 - 1e-9)
    assert (low.label, high.label) == ("positive", "negative")
    assert classifier.predict(texts, abstain=1, undecided="unsure")[0].label == "unsure"
    with pytest.raises(ConfigError, match="expected a number between 0 and 1"):
        classifier.predict(texts, threshold=2)


@pytest.mark.parametrize("texts", ["a text", ["good", None], [b"good"], ["\ud800"]])
def test_what_are_no_texts(texts: object) -> None:
    with pytest.raises(DataError):
        gru_sentiment.load().predict(texts)  # type: ignore[arg-type]


@pytest.mark.parametrize("inference", [True, False])
def test_many_threads_at_once(inference: bool) -> None:
    classifier = gru_sentiment.load(write_network(inference=inference))
    batches = [[*TEXTS[i:], f"word{i} good"] for i in range(8)] * 4
    expected = [classifier.predict_proba(texts) for texts in batches]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(classifier.predict_proba, batches))
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_scorers_of_scikit_learn() -> None:
    from sklearn.calibration import calibration_curve
    from sklearn.ensemble import VotingClassifier
    from sklearn.metrics import accuracy_score, get_scorer

    classifier = gru_sentiment.load(write_network())
    estimator = classifier.estimator()
    assert estimator.classes_.tolist() == ["negative", "positive"]
    predicted = estimator.predict(TEXTS)
    assert predicted.tolist() == [one.label for one in classifier.predict(TEXTS)]
    true = np.array(["negative", "positive"] * 5)
    assert get_scorer("accuracy")(estimator, TEXTS, true) == accuracy_score(true, predicted)
    assert get_scorer("neg_log_loss")(estimator, TEXTS, true) < 0
    assert 0 <= get_scorer("roc_auc")(estimator, TEXTS, true) <= 1
    assert estimator.score(TEXTS, true) == accuracy_score(true, predicted)
    calibration_curve(true == "positive", classifier.predict_proba(TEXTS)[:, 1], n_bins=2)
    voting = VotingClassifier([("a", estimator), ("b", estimator)], voting="soft")
    voting.fit(np.array(TEXTS), true)
    np.testing.assert_allclose(voting.predict_proba(TEXTS), classifier.predict_proba(TEXTS))


def test_scikit_learn_sees_label_sets_as_indicators() -> None:
    from sklearn.metrics import f1_score

    classifier = gru_sentiment.load(write_network(labels=SETS))
    estimator = classifier.estimator()
    found = estimator.predict(TEXTS)
    assert found.shape == (len(TEXTS), 3)
    sets = [[name for name, has in zip(SETS.classes, row, strict=True) if has] for row in found]
    assert sets == [one.label for one in classifier.predict(TEXTS)]
    assert estimator.score(TEXTS, found) == 1
    assert f1_score(found, found, average="micro", zero_division=1.0) == 1


def test_a_notebook_shows_a_table() -> None:
    shown = gru_sentiment.load(write_network())._repr_html_()
    assert "<td>negative, positive</td>" in shown
    assert "negative, positive" in repr(gru_sentiment.load())


@pytest.mark.parametrize("kind", ["config", "file", "mapping"])
def test_train(kind: str, tiny_config: Path, capfd: pytest.CaptureFixture[str]) -> None:
    sections = {
        "data": {"source": "files", "path": tiny_config.with_name("reviews.csv")},
        "vectors": {"source": "none", "dimension": 4},
        "model": {"hidden_size": 4},
        "training": {"epochs": 1},
        "run": {"output": Path("runs/mine")},
    }
    if kind == "file":
        run = gru_sentiment.train(tiny_config.with_name("reviews.csv"))
    else:
        run = gru_sentiment.train(tiny_config if kind == "config" else sections)
    name = {"config": "tiny", "file": "reviews", "mapping": "mine"}[kind]
    assert run.resolve() == Path("runs", name).resolve()
    assert capfd.readouterr() == ("", "")
    assert gru_sentiment.load(run).predict(["great film"])[0].label in {"negative", "positive"}
    assert isinstance(gru_sentiment.load(run), Classifier)


def test_train_with_unknown_keys() -> None:
    with pytest.raises(ConfigError, match=r"model\.layer"):
        gru_sentiment.train({"model": {"layer": 2}})


def test_an_attribute_that_is_not_there() -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        gru_sentiment.nonsense  # type: ignore[attr-defined]  # noqa: B018


HEAVY = ("torch", "spacy", "pandas", "pyarrow", "datasets", "pydantic", "sklearn", "scipy", "tqdm")


@pytest.mark.parametrize("labels", ["two", "sets"])
def test_nothing_heavy_is_loaded(labels: str) -> None:
    path = write_network(labels=SETS) if labels == "sets" else write_network()
    code = (
        "import json, sys, gru_sentiment\n"
        f"found = gru_sentiment.load({str(path)!r}).predict(['good film'])\n"
        f"print(json.dumps([name for name in {HEAVY} if name in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []
