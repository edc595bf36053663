"""Baselines on the disk: the same answers again, and every way in which one can be wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from artifact.runs import CPU, WORDS, new_linear, write_baseline
from safetensors.torch import load_file, save_file
from torch import Tensor

from gru_sentiment.artifact.files import KIND, NEEDED, VOCABULARY, WEIGHTS
from gru_sentiment.artifact.manifest import write_manifest
from gru_sentiment.data.tokenizer import Tokenizer
from gru_sentiment.data.vocab import Vocabulary
from gru_sentiment.errors import ArtifactError
from gru_sentiment.trained.baseline import Baseline
from gru_sentiment.trained.reader import load_run

Tensors = dict[str, Tensor]


def fit_manifest(path: Path) -> None:
    write_manifest(path, (KIND, *NEEDED))


def test_what_was_saved_comes_back_and_answers() -> None:
    run = load_run(write_baseline(), CPU)
    assert isinstance(run, Baseline)
    expected = new_linear()
    np.testing.assert_array_equal(run.model.weights, expected.weights)
    np.testing.assert_array_equal(run.model.features.keys, expected.features.keys)
    np.testing.assert_array_equal(run.model.features.idf, expected.features.idf)
    texts = Tokenizer().many(["good bad", "", "unheard", "bad bad bad"])
    answers = run.predict(texts, np.arange(4))
    logits = expected.scores((np.array([2, 3, 0, 3, 3, 3], np.int32), np.array([2, 0, 1, 3])))
    found = answers.log_probabilities[:, 1] - answers.log_probabilities[:, 0]
    np.testing.assert_allclose(found, logits[:, 0], atol=1e-12)
    assert [p.tokens for p in answers.predictions(run.labels)] == [2, 0, 1, 3]
    assert [p.unknown_tokens for p in answers.predictions(run.labels)] == [0, 0, 1, 0]


def test_rows_in_any_order_and_number() -> None:
    run = load_run(write_baseline(), CPU)
    texts = Tokenizer().many([f"{'good ' * (i % 4)}{'bad ' * (i % 3)}" for i in range(30)])
    whole = run.predict(texts, np.arange(30)).log_probabilities
    rows = np.array([7, 3, 29, 3])
    np.testing.assert_array_equal(run.predict(texts, rows).log_probabilities, whole[rows])
    assert run.predict(texts, rows[:0]).log_probabilities.shape == (0, 2)


@pytest.mark.parametrize("name", [KIND, *NEEDED])
def test_a_missing_or_changed_file_is_named(name: str) -> None:
    path = write_baseline()
    content = (path / name).read_bytes()
    if name != KIND:  # without it the folder would be one of a net
        (path / name).unlink()
        with pytest.raises(ArtifactError, match=f"not a complete run folder: {name} missing"):
            load_run(path, CPU)
    (path / name).write_bytes(content + b"\n")
    with pytest.raises(ArtifactError, match=f"^runs/b/{name}: is not the file that was written"):
        load_run(path, CPU)


def test_without_its_kind_it_is_no_net_either() -> None:
    path = write_baseline()
    (path / KIND).unlink()
    with pytest.raises(ArtifactError, match="holds vectors for no words"):
        load_run(path, CPU)


@pytest.mark.parametrize("longest", [0, 4, -1, True, 2.0, "2", None, [2]])
def test_a_length_that_no_ngram_has(longest: object) -> None:
    path = write_baseline()
    (path / KIND).write_text(json.dumps({"kind": "baseline", "longest": longest}), "utf-8")
    fit_manifest(path)
    with pytest.raises(ArtifactError, match=r"^runs/b/kind\.json: longest is .*, expected 1 to 3"):
        load_run(path, CPU)


def without(name: str) -> Callable[[Tensors], Tensors]:
    return lambda tensors: {key: value for key, value in tensors.items() if key != name}


def changed(name: str, value: Tensor) -> Callable[[Tensors], Tensors]:
    return lambda tensors: {**tensors, name: value}


KEYS = new_linear().features.keys


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (without("keys"), "keys has shape none, expected \\[0\\]"),
        (without("weights"), "weights has shape none, expected \\[4, 1\\] for 4 n-grams"),
        (without("bias"), "bias has shape none"),
        (changed("keys", torch.tensor(3)), "keys has shape \\[\\]"),
        (changed("weights", torch.zeros(4, 2)), "\\[4, 2\\], expected \\[4, 1\\] .* 2 classes"),
        (changed("bias", torch.zeros(2)), "bias has shape \\[2\\], expected \\[1\\]"),
        (changed("idf", torch.ones(3)), "idf has shape \\[3\\], expected \\[4\\]"),
        (changed("more", torch.ones(3)), "more has shape \\[3\\], expected none"),
        (changed("keys", torch.ones(4)), "keys holds float32, expected int64"),
        (changed("idf", torch.ones(4).double()), "idf holds float64, expected float32"),
        (changed("bias", torch.tensor([torch.nan])), "bias holds numbers that are not finite"),
        (changed("idf", torch.tensor([1.0, 0, 1, 1])), "idf holds numbers that are not above 0"),
        (changed("keys", torch.from_numpy(KEYS[::-1].copy())), "not in ascending order"),
        (changed("keys", torch.tensor([2, 2, 3, 4])), "not in ascending order"),
        (changed("keys", torch.tensor([2, 3, 4, 6])), "none of the 6 of .*vocabulary"),
        (changed("keys", torch.tensor([-5, 2, 3, 4])), "none of the 6"),
        (changed("keys", torch.tensor([0, 2, 3, 4])), "none of the 6"),
        (changed("keys", torch.tensor([2, 3, 4, 2**42 + 5])), "or longer than 2"),
    ],
)
def test_weights_that_do_not_fit(change: Callable[[Tensors], Tensors], reason: str) -> None:
    path = write_baseline()
    save_file(change(load_file(path / WEIGHTS)), path / WEIGHTS)
    fit_manifest(path)
    with pytest.raises(ArtifactError, match=rf"^runs/b/model\.safetensors: .*{reason}"):
        load_run(path, CPU)


def test_a_vocabulary_that_is_too_short() -> None:
    path = write_baseline()
    (path / VOCABULARY).write_text(Vocabulary(WORDS.words[:3]).to_text(), "utf-8")
    fit_manifest(path)
    with pytest.raises(ArtifactError, match=r"none of the 3 of runs/b/vocabulary\.txt") as caught:
        load_run(path, CPU)
    assert "one 'gru-sent baseline'" in caught.value.hint


def test_weights_that_were_cut_off() -> None:
    path = write_baseline()
    (path / WEIGHTS).write_bytes((path / WEIGHTS).read_bytes()[:-1])
    fit_manifest(path)
    with pytest.raises(ArtifactError, match="not readable weights"):
        load_run(path, CPU)
