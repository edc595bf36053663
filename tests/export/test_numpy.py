"""The folder that predicts with numpy alone, over what networks can be made of."""

from __future__ import annotations

import ast
import itertools
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from artifact.runs import write_baseline, write_both, write_fusion
from inference.networks import SETS, TEXTS, THREE, TWO, config_of, write_network
from safetensors.torch import load_file

from gru_sentiment.artifact.files import WEIGHTS
from gru_sentiment.artifact.manifest import named, write_manifest
from gru_sentiment.artifact.tensors import compact, write_tensors
from gru_sentiment.builders.corpus import build_tokenizer
from gru_sentiment.builders.device import build_device
from gru_sentiment.data.labels import Labels
from gru_sentiment.data.rules import Rules
from gru_sentiment.errors import ArtifactError
from gru_sentiment.export import numpy_format
from gru_sentiment.export.numpy_predictor import Predictor
from gru_sentiment.export.numpy_runs import NetworkRun
from gru_sentiment.export.sources import PACKAGE, packaged
from gru_sentiment.trained.network_shape import EMBEDDING
from gru_sentiment.trained.reader import Run, load_run

CELLS: list[dict[str, Any]] = [
    {"cell": "gru"},
    {"cell": "lstm"},
    {"cell": "rnn", "nonlinearity": "tanh"},
    {"cell": "rnn", "nonlinearity": "relu"},
]
POOLINGS = [["last"], ["mean"], ["max"], ["attention"], ["attention", "last", "max", "mean"]]


def written(path: Path, *, int8: bool = False) -> tuple[Run, Path]:
    """A run, and the folder that it is written to."""
    run, folder = load_run(path, build_device("cpu")), Path("exported")
    folder.mkdir()
    numpy_format.check(run, int8)
    size = numpy_format.write(run, Rules.from_spacy(run.config.text.language), folder, int8)
    assert 1_000 < size < 50_000
    return run, folder


def expected(run: Run, texts: Sequence[str] = TEXTS) -> Any:
    tokenized = build_tokenizer(run.config.text).many(list(texts))
    rows = np.arange(len(texts), dtype=np.int64)
    predictions = run.predict(tokenized, rows)
    return np.exp(predictions.log_probabilities), predictions.predictions(run.labels)


def close(path: Path, *, int8: bool = False, tolerance: float = 1e-5) -> None:
    run, folder = written(path, int8=int8)
    predictor = Predictor(folder)
    probabilities, predictions = expected(run)
    assert np.ptp(probabilities[:, 0]) > 0.05
    found = predictor.probabilities(TEXTS)
    assert np.abs(found - probabilities).max() < tolerance
    for one, row, same in zip(predictor.predict(TEXTS), found, predictions, strict=True):
        assert one["label"] == same.label
        assert one["probabilities"] == dict(zip(run.labels.names, row.tolist(), strict=True))


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: "-".join(cell.values()))
def test_cells_directions_and_layers(
    cell: dict[str, Any], layers: int, bidirectional: bool
) -> None:
    config = config_of(**cell, layers=layers, bidirectional=bidirectional, pooling=["last", "max"])
    close(write_network(config=config))


@pytest.mark.parametrize("pooling", POOLINGS, ids="-".join)
@pytest.mark.parametrize("labels", [TWO, THREE, SETS], ids=["two", "three", "sets"])
def test_poolings_and_classes(pooling: list[str], labels: Labels) -> None:
    close(write_network(config=config_of(pooling=pooling), labels=labels))


@pytest.mark.parametrize("write", [write_baseline, write_both, write_fusion])
def test_n_grams_alone_or_beside_a_network_and_fusions(write: Any) -> None:
    close(write())


def test_int8_rows() -> None:
    close(write_network(), int8=True, tolerance=1e-2)
    assert np.load("exported/words.npy").dtype == np.int8


def test_rows_that_a_run_stores_as_int8_stay_as_they_are() -> None:
    path = write_network()
    stored = compact(load_file(path / WEIGHTS), EMBEDDING)
    write_tensors(path / WEIGHTS, stored)
    write_manifest(path, named(path))
    close(path)
    assert (np.load("exported/words.npy") == stored[EMBEDDING].numpy()).all()


def test_only_rows_that_a_text_needs_are_read() -> None:
    _, folder = written(write_network())
    run = Predictor(folder)._run
    assert isinstance(run, NetworkRun)
    assert isinstance(run.model.embedding.stored, np.memmap)


def test_no_order_or_batch_changes_a_prediction(monkeypatch: pytest.MonkeyPatch) -> None:
    _, folder = written(write_both())
    predictor = Predictor(folder)
    alone = {text: predictor.probabilities([text])[0] for text in TEXTS}
    for budget, order in itertools.product([1, 9, 1_000], [TEXTS, TEXTS[::-1], TEXTS[::2] * 3]):
        monkeypatch.setattr("gru_sentiment.export.numpy_runs.TOKENS_AT_ONCE", budget)
        found = predictor.probabilities(order)
        assert np.abs(found - [alone[text] for text in order]).max() < 1e-6


def test_no_texts_and_a_single_one() -> None:
    _, folder = written(write_network())
    assert Predictor(folder).predict([]) == []
    assert Predictor(str(folder)).probabilities([]).shape == (0, 2)
    with pytest.raises(TypeError, match="a list"):
        Predictor(folder).predict("good")


def test_label_sets_without_thresholds_are_decided_at_half() -> None:
    run = load_run(write_network(labels=SETS), build_device("cpu"))
    assert numpy_format._thresholds(run) == [0.3, 0.5, 0.7]
    bare = replace(run, calibration=replace(run.calibration, thresholds=None))  # type: ignore[union-attr]
    assert numpy_format._thresholds(bare) == [0.5] * 3


def test_a_baseline_has_no_rows() -> None:
    run = load_run(write_baseline(), build_device("cpu"))
    with pytest.raises(ArtifactError, match="has no word vectors") as caught:
        numpy_format.check(run, True)
    assert caught.value.hint == "leave --int8 out"


def test_the_modules_need_numpy_and_each_other_alone() -> None:
    """What `from_spacy` and `from_counts` import is not called there."""
    files = packaged(numpy_format.MODULES)
    names = {name.removesuffix(".py") for name in files}
    for name, source in files.items():
        tree = ast.parse(source, name)
        assert f"from {PACKAGE}" not in source
        functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
        of_functions = {node for function in functions for node in ast.walk(function)}
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.level:
                assert node.module in names
            elif isinstance(node, ast.Import | ast.ImportFrom) and node not in of_functions:
                modules = [getattr(node, "module", None) or node.names[0].name]
                known = sys.stdlib_module_names | {"numpy"}
                checked = {"spacy.tokenizer"}  # for type checkers
                assert {str(m).split(".")[0] for m in modules if m not in checked} <= known


def test_the_modules_are_those_of_the_package_but_for_imports() -> None:
    for name, source in packaged(numpy_format.MODULES).items():
        changed = [line for line in source.splitlines() if line.startswith("from .")]
        assert changed or name in {"errors.py", "arrays.py"}
