"""Which runs predict without torch; damage is found as with torch, with the same messages."""

from __future__ import annotations

import json
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from artifact.fuzz import NEEDED_BY, fit_manifests
from artifact.runs import write_baseline, write_both, write_encoder, write_fusion
from predicting import predict, predict_with_torch
from safetensors.torch import load_file, save_file

import gru_sentiment
from gru_sentiment.artifact.files import CALIBRATION, INFERENCE, LABELS, MANIFEST, WEIGHTS
from gru_sentiment.artifact.manifest import named
from gru_sentiment.errors import ArtifactError
from gru_sentiment.inference.reader import load_run
from gru_sentiment.recipes import load, load_with_torch

from .networks import SETS, TEXTS, config_of, write_network

OF_NETWORK = NEEDED_BY["net"]
Change = Callable[[dict[str, torch.Tensor]], object]


def refit(path: Path) -> None:
    """The manifest of what the folder holds now."""
    fit_manifests(path, "", OF_NETWORK)


def cause(action: Callable[[], object]) -> str:
    with pytest.raises(ArtifactError) as caught:
        action()
    return caught.value.cause


def same_cause(path: Path) -> str:
    """The message, which is that of the path with torch."""
    found = cause(lambda: load.load(path))
    assert found == cause(lambda: load_with_torch.load(path))
    return found


@pytest.mark.parametrize("name", [name for name in OF_NETWORK if name != INFERENCE])
def test_a_changed_or_missing_file(name: str) -> None:
    path = write_network()
    (path / name).write_bytes((path / name).read_bytes() + b" ")
    assert "is not the file that was written" in same_cause(path)
    (path / name).unlink()
    assert name in same_cause(path)


@pytest.mark.parametrize("kind", ["fusion", "both", "baseline"])
def test_a_changed_or_missing_file_of_another_kind(kind: str) -> None:
    write: dict[str, Any] = {
        "fusion": write_fusion,
        "both": write_both,
        "baseline": lambda: write_baseline(temperature=0.5),
    }
    path = write[kind]()
    for name in NEEDED_BY[kind]:
        content = (path / name).read_bytes()
        (path / name).write_bytes(content + b" ")
        assert "is not the file that was written" in cause(lambda: load.load(path))
        (path / name).unlink()
        cause(lambda: load.load(path))
        (path / name).write_bytes(content)
    assert load.load(path) is not None


def test_inference_json_itself() -> None:
    path = write_network()
    content = (path / INFERENCE).read_bytes()
    (path / INFERENCE).write_bytes(content + b" ")
    assert "is not the file that was written" in cause(lambda: load.load(path))
    (path / INFERENCE).unlink()
    assert f"{INFERENCE} missing" in cause(lambda: load.load(path))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.pop("head.bias"), "head.bias has shape none, the config asks for [1]"),
        (lambda t: t.update(more=torch.ones(2)), "more has shape [2], the config asks for none"),
        (
            lambda t: t.update({"embedding.table.weight": torch.ones(4, 4)}),
            "holds vectors for 4 words",
        ),
        (
            lambda t: t.update({"recurrent.weight_hh_l0": torch.ones(15, 6)}),
            "holds 1 recurrent layers with weights of shape [15, 6], the config asks for 1 of 5",
        ),
        (
            lambda t: t.update({"head.bias": torch.ones(1).double()}),
            "head.bias holds float64, expected float32",
        ),
        (
            lambda t: t.update({"head.bias": torch.ones(1).to(torch.int8)}),
            "head.bias has no fitting scales",
        ),
        (
            lambda t: t.update({"recurrent.bias_hh_l0": torch.full((15,), torch.nan)}),
            "recurrent.bias_hh_l0 holds numbers that are not finite",
        ),
        (
            lambda t: t["embedding.table.weight"].__setitem__((10, 3), torch.inf),
            "embedding.table.weight holds numbers that are not finite",
        ),
    ],
)
def test_other_weights(change: Change, message: str) -> None:
    path = write_network()
    tensors = load_file(path / WEIGHTS)
    change(tensors)
    save_file(tensors, path / WEIGHTS)
    refit(path)
    assert message in same_cause(path)


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\xff" * 100])
def test_what_are_no_weights(content: bytes) -> None:
    path = write_network()
    (path / WEIGHTS).write_bytes(content)
    refit(path)
    assert "not readable weights" in same_cause(path)


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        (["format"], "x"),
        (["version"], 2),
        (["text"], None),
        (["text", "max_tokens"], 0),
        (["text", "max_tokens"], "9"),
        (["text", "head_tokens"], -1),
        (["text", "language"], 3),
        (["text", "lowercase"], None),
        (["text", "more"], 1),
        (["network"], None),
        (["network"], {}),
        (["network", "cell"], "transformer"),
        (["network", "cell"], []),
        (["network", "nonlinearity"], "relu"),
        (["network", "hidden_size"], 6),
        (["network", "hidden_size"], 10**30),
        (["network", "layers"], 10**30),
        (["network", "layers"], 2),
        (["network", "bidirectional"], 1),
        (["network", "bidirectional"], False),
        (["network", "pooling"], []),
        (["network", "pooling"], ["median"]),
        (["network", "pooling"], [["last"]]),
        (["network", "pooling"], 3),
        (["network", "pooling"], ["mean", "mean"]),
        (["network", "logits"], 2),
        (["network", "logits"], 0),
        (["tokenizer"], {}),
        (["tokenizer", "version"], 2),
        (["tokenizer", "patterns", "prefix", "source"], "("),
        (["tokenizer", "exceptions"], {"a": ["b"]}),
    ],
)
def test_another_inference_json(keys: list[str], value: object) -> None:
    path = write_network()
    found = json.loads((path / INFERENCE).read_bytes())
    inner = found
    for key in keys[:-1]:
        inner = inner[key]
    inner[keys[-1]] = value
    (path / INFERENCE).write_text(json.dumps(found), "utf-8")
    refit(path)
    assert str(path) in cause(lambda: load.load(path))


@pytest.mark.parametrize("shape", [[1.5], None, [2, 3, 4]])
def test_thresholds_of_label_sets_are_checked(shape: object) -> None:
    path = write_network(labels=SETS)
    found = json.loads((path / CALIBRATION).read_bytes())
    (path / CALIBRATION).write_text(json.dumps(found | {"thresholds": shape}), "utf-8")
    refit(path)
    assert "thresholds are" in same_cause(path)


def test_a_run_of_an_earlier_version_predicts_with_torch() -> None:
    path = write_network(inference=False)
    assert not (path / INFERENCE).exists()
    assert load.load(path) is None
    assert predict(TEXTS, path) == predict_with_torch(TEXTS, path)


def test_a_language_that_needs_spacy(monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_network()
    found = json.loads((path / INFERENCE).read_bytes())
    (path / INFERENCE).write_text(json.dumps(found | {"tokenizer": None}), "utf-8")
    refit(path)
    assert load.load(path) is None
    assert predict(TEXTS, path) == predict_with_torch(TEXTS, path)


def test_a_fusion_with_a_member_of_an_earlier_version() -> None:
    path = write_fusion()
    (path / "members/1" / INFERENCE).unlink()
    fit_manifests(path, f"members/1/{WEIGHTS}", (*NEEDED_BY["fusion"], "members/1/manifest.json"))
    assert load.load(path) is None
    assert predict(TEXTS, path) == predict_with_torch(TEXTS, path)


def test_a_fusion_of_other_classes_or_tokens() -> None:
    path = write_fusion()
    (path / LABELS).write_text('{"labels": ["a", "b"]}', "utf-8")
    fit_manifests(path, "", NEEDED_BY["fusion"])
    assert "has other classes than" in same_cause(path)
    shutil.rmtree(path)
    shutil.rmtree("runs/a")
    shutil.rmtree("runs/b")
    path = write_fusion()
    found = json.loads((path / INFERENCE).read_bytes())
    found["text"]["lowercase"] = False
    (path / INFERENCE).write_text(json.dumps(found), "utf-8")
    fit_manifests(path, "", NEEDED_BY["fusion"])
    assert "tokenises differently from" in cause(lambda: load.load(path))


@pytest.mark.parametrize("make", [write_encoder, lambda: Path("runs/none")])
def test_what_is_no_classifier_is_refused_alike(make: Callable[[], Path]) -> None:
    path = make()
    expected = cause(lambda: load_with_torch.load(path))
    assert cause(lambda: gru_sentiment.load(path)) == expected


def test_a_folder_without_a_manifest() -> None:
    path = write_network()
    (path / MANIFEST).unlink()
    expected = cause(lambda: load_with_torch.load(path))
    assert cause(lambda: gru_sentiment.load(path)) == expected


def test_the_file_is_named_and_copied_along() -> None:
    assert INFERENCE in named(write_network())
    fusion = write_fusion()
    assert {INFERENCE, f"members/0/{INFERENCE}", f"members/1/{INFERENCE}"} <= named(fusion)


def test_the_latest_run_and_its_link(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", "gru_sentiment"):
        bundled = load.load(None)
    assert bundled is not None
    assert bundled.path == gru_sentiment.load().path
    assert [record.getMessage()[:11] for record in caplog.records] == ["no run here"]
    path = write_network(config=config_of(layers=2))
    latest = load.load(None)
    assert latest is not None
    assert latest.path == path
    np.testing.assert_array_equal(
        latest.predict_proba(TEXTS), gru_sentiment.load(path).predict_proba(TEXTS)
    )


@pytest.mark.parametrize("write", [write_network, write_both, write_fusion, write_baseline])
def test_another_process_can_have_a_run(write: Callable[[], Path]) -> None:
    loaded = load_run(write(), 1)
    assert loaded is not None
    again = pickle.loads(pickle.dumps(loaded))
    rows = np.arange(len(TEXTS))
    found = [each.run.predict(each.tokenize(TEXTS), rows) for each in (loaded, again)]
    np.testing.assert_array_equal(found[0].log_probabilities, found[1].log_probabilities)
