"""Export a run, use the folder without the package, and refuse what cannot be exported."""

from __future__ import annotations

import builtins
import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from artifact.runs import write_baseline, write_both, write_encoder, write_fusion, write_run
from predicting import predict
from trainings import LEARNED, train

from gru_sentiment.artifact.files import CONFIG
from gru_sentiment.artifact.folders import BUNDLED_CLASSIFIER
from gru_sentiment.artifact.manifest import named, write_manifest
from gru_sentiment.errors import (
    ArtifactError,
    ConfigError,
    DataError,
    MissingPackageError,
    UserError,
)
from gru_sentiment.export import formats, onnx_format
from gru_sentiment.export.numpy_predictor import Predictor
from gru_sentiment.export.onnx_example import Classifier
from gru_sentiment.recipes import export as recipe
from gru_sentiment.recipes.export import export

OUTPUT = Path("exported")
TEXTS = [
    "the film was wonderful and touching",
    "Awful!<br />Boring, dull...",
    "",
    "zyx wvu",
    "wonderful " * 30 + "awful " * 30,
]
ALONE = """\
import runpy, sys
for name in ("gru_sentiment", "spacy", "torch", "onnx", "pyarrow"):
    sys.modules[name] = None
folder = sys.argv[1]
sys.argv[:] = [f"{folder}/example.py", *sys.argv[2:]]
sys.path.insert(0, folder)
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def alone(folder: Path, *texts: str) -> list[str]:
    """What the example prints where nothing of gru-sent can be imported."""
    done = subprocess.run(
        [sys.executable, "-c", ALONE, str(folder), *texts],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def close_to_run(run: Path, texts: list[str], tolerance: float = 1e-5) -> None:
    expected = [list(one.probabilities.values()) for one in predict(texts, run)]
    found = Classifier(OUTPUT).probabilities(texts)
    assert np.abs(found - np.array(expected)).max() < tolerance


def test_the_folder_predicts_without_the_package(run: Path) -> None:
    result = export(run, OUTPUT)
    assert (result.run, result.folder, result.on) == (str(run), str(OUTPUT), "validation texts")
    assert (result.texts, result.changed) == (16, 0)
    assert result.difference < 1e-5
    assert result.model_bytes > 1_000
    close_to_run(run, TEXTS)
    printed = alone(OUTPUT, *TEXTS)
    for line, prediction in zip(printed, predict(TEXTS, run), strict=True):
        label = str(prediction.label)
        assert line == f"{label} ({prediction.probabilities[label]:.1%})"
    assert {path.name for path in OUTPUT.iterdir() if path.is_file()} == {
        *("model.onnx", "vocabulary.txt", "labels.json", "tokenizer.json", "tokenizer.py"),
        *("export.json", "example.py", "README.md"),
    }
    settings = json.loads((OUTPUT / "export.json").read_bytes())
    assert settings["text"] == {
        "language": "en",
        "lowercase": True,
        "max_tokens": 20,
        "head_tokens": 10,
    }
    assert (settings["int8"], settings["ngrams"], settings["thresholds"]) == (False, False, None)
    manifest = json.loads((run / "manifest.json").read_bytes())["sha256"]
    assert settings["run_sha256"].items() <= manifest.items()
    assert "model.safetensors" in settings["run_sha256"]
    card = (OUTPUT / "README.md").read_text("utf-8")
    assert "negative, positive" in card
    assert {w for w in card.split("`") if w.endswith((".py", ".json", ".txt", ".onnx"))} == {
        path.name for path in OUTPUT.iterdir() if path.is_file() and path.suffix != ".md"
    }


def test_int8_rows(run: Path) -> None:
    plain = export(run, Path("plain"))
    result = export(run, OUTPUT, int8=True)
    assert result.model_bytes < plain.model_bytes
    assert result.difference < 1e-2
    close_to_run(run, TEXTS, 1e-2)


def test_ngrams_beside_the_network(tiny_config: Path) -> None:
    run = train(tiny_config, *LEARNED, "model.ngrams=true")
    assert export(run, OUTPUT).difference < 1e-5
    close_to_run(run, TEXTS)
    assert (OUTPUT / "ngram-vocabulary.txt").is_file()
    assert alone(OUTPUT, *TEXTS)[0].startswith("positive (")


def test_label_sets(tmp_path: Path) -> None:
    rows = [("great film", "good|film"), ("awful film", "bad|film"), ("great", "good"), ("x", "")]
    lines = [f"{text} number{i},{label}" for i in range(20) for text, label in rows]
    Path("sets.csv").write_text("text,label\n" + "\n".join(lines) + "\n", "utf-8")
    config = tmp_path / "sets.yaml"
    config.write_text(
        "data: {source: files, path: sets.csv, label_separator: '|'}\n"
        "text: {max_tokens: null, min_frequency: 1}\n"
        "vectors: {source: none, dimension: 8}\n"
        "model: {cell: lstm, hidden_size: 8}\n"
        "training: {epochs: 8, batch_size: 8, learning_rate: 0.05}\n"
        "run: {threads: 1}\n",
        "utf-8",
    )
    run = train(config)
    export(run, OUTPUT)
    texts = ["great film", "awful film", "great", "x"]
    close_to_run(run, texts)
    printed = alone(OUTPUT, *texts)
    for line, prediction in zip(printed, predict(texts, run), strict=True):
        assert isinstance(prediction.label, list)
        names = [word.split(" (")[0] for word in line.split(", ")]
        assert names == (list(map(str, prediction.label)) or ["no class"])
    assert printed[0].startswith("film (")


def test_a_run_without_its_data_is_compared_on_drawn_texts(
    run: Path, tiny_config: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tiny_config.with_name("reviews.csv").unlink()
    result = export(run, OUTPUT)
    assert (result.texts, result.on) == (
        202,
        "texts of words that were drawn from its vocabulary",
    )
    assert result.difference < 1e-5


def test_a_run_of_another_language(run: Path) -> None:
    config = run / CONFIG
    config.write_text(config.read_text("utf-8").replace("language: en", "language: de"), "utf-8")
    write_manifest(run, named(run))
    export(run, OUTPUT)
    assert json.loads((OUTPUT / "tokenizer.json").read_bytes())["language"] == "de"


@pytest.mark.slow
def test_the_model_in_the_package() -> None:
    """Its rows are int8 already, and lose nothing."""
    result = export(BUNDLED_CLASSIFIER, OUTPUT, int8=True)
    assert (result.difference < 1e-5, result.changed) == (True, 0)
    assert alone(OUTPUT, "A wonderful film.")[0].startswith("positive (")


JSON_ALONE = """\
import runpy, sys
sys.argv[:] = sys.argv[1:]
sys.path.insert(0, sys.argv[0].rpartition("/")[0])
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in {*sys.stdlib_module_names, "numpy", "predictor"}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Refuse())
before = set(sys.modules)
runpy.run_path(sys.argv[0], run_name="__main__")
new = {name.partition(".")[0] for name in set(sys.modules) - before}
assert new - sys.stdlib_module_names == {"numpy", "predictor"}, new
"""


def json_alone(folder: Path, *texts: str) -> list[Any]:
    """What the example of numpy prints where nothing but numpy can be imported."""
    done = subprocess.run(
        [sys.executable, "-c", JSON_ALONE, f"{folder}/example.py", *texts],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return list(map(json.loads, done.stdout.splitlines()))


def test_the_numpy_folder_predicts_without_the_package(run: Path) -> None:
    result = export(run, OUTPUT, form="numpy")
    assert (result.texts, result.on, result.changed) == (16, "validation texts", 0)
    assert result.difference < 1e-5
    printed = json_alone(OUTPUT, *TEXTS)
    for found, expected in zip(printed, predict(TEXTS, run), strict=True):
        assert found["label"] == expected.label
        assert found["probabilities"] == pytest.approx(expected.probabilities, abs=1e-5)
    files = {path.name for path in OUTPUT.iterdir() if path.is_file()}
    assert files == {
        *("words.npy", "network.npz", "vocabulary.txt", "labels.json", "tokenizer.json"),
        *("export.json", "example.py", "README.md"),
    }
    assert (OUTPUT / "predictor/__init__.py").is_file()
    card = (OUTPUT / "README.md").read_text("utf-8")
    named_files = {word for word in card.split("`") if "." in word and " " not in word}
    assert named_files == files - {"README.md"}
    settings = json.loads((OUTPUT / "export.json").read_bytes())
    assert (settings["model"], settings["run"]["int8"]) == ("numpy", False)
    assert "numpy" in settings["versions"]
    export(run, OUTPUT, force=True)
    assert not (OUTPUT / "predictor").exists()


def test_the_numpy_folder_with_n_grams_and_int8_rows(tiny_config: Path) -> None:
    run = train(tiny_config, *LEARNED, "model.ngrams=true")
    result = export(run, OUTPUT, form="numpy", int8=True)
    assert 0 < result.difference < 1e-2
    expected = [list(one.probabilities.values()) for one in predict(TEXTS, run)]
    assert np.abs(Predictor(OUTPUT).probabilities(TEXTS) - expected).max() < 1e-2
    card = (OUTPUT / "README.md").read_text("utf-8")
    assert "8 bits" in card
    assert "`ngrams.npz`" in card


def test_a_numpy_export_that_predicts_something_else(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Other(Predictor):
        def probabilities(self, texts: Any) -> Any:
            return super().probabilities(texts) + 1e-4

    other = formats.FORMATS["numpy"]
    monkeypatch.setitem(formats.FORMATS, "numpy", replace(other, read=Other))
    cause, hint = refused(ArtifactError, run, form="numpy")
    assert "probabilities differ by up to 1.0e-04" in cause
    assert hint.startswith("try another version of numpy")


@pytest.mark.slow
def test_the_model_in_the_package_with_numpy() -> None:
    result = export(BUNDLED_CLASSIFIER, OUTPUT, form="numpy")
    assert (result.difference < 1e-5, result.changed) == (True, 0)
    assert json_alone(OUTPUT, "A wonderful film.")[0]["label"] == "positive"


def refused(kind: type[UserError], run: Path, **options: Any) -> tuple[str, str]:
    """The cause and the hint of an error, after which nothing is left."""
    before = sorted(Path().rglob("*"))
    with pytest.raises(kind) as caught:
        export(run, OUTPUT, **options)
    assert sorted(Path().rglob("*")) == before
    assert caught.value.hint
    return caught.value.cause, caught.value.hint


def test_an_unknown_format() -> None:
    assert refused(ConfigError, Path("runs/a"), form="onxx") == (
        "--format onxx: there is no such format",
        "did you mean onnx? known are: onnx, numpy",
    )
    assert refused(ConfigError, Path("runs/a"), form="torch")[1] == "known are: onnx, numpy"


@pytest.mark.parametrize("package", ["onnx", "onnxruntime"])
def test_without_the_extra(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    known = builtins.__import__

    def without(name: str, *others: Any, **more: Any) -> Any:
        if name.split(".", maxsplit=1)[0] == package:
            raise ModuleNotFoundError(f"No module named {package!r}", name=package)
        return known(name, *others, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    assert refused(MissingPackageError, Path("runs/a")) == (
        f"export --format onnx: {package} is not installed",
        "pip install 'gru-sentiment[export]'",
    )


def test_no_such_run() -> None:
    assert "no such run folder" in refused(ArtifactError, Path("runs/none"))[0]


def test_an_encoder() -> None:
    cause, hint = refused(ArtifactError, write_encoder())
    assert "is a pre-trained encoder, not a classifier" in cause
    assert "fine-tune it" in hint


@pytest.fixture
def _without_data(monkeypatch: pytest.MonkeyPatch) -> None:
    """The runs of `artifact.runs` seem to be of the reviews of a package, which take a second."""

    def unreadable(*_: object) -> None:
        raise DataError("not there")

    monkeypatch.setattr(recipe, "reload_split", unreadable)


@pytest.mark.usefixtures("_without_data")
def test_a_baseline_is_for_numpy() -> None:
    path = write_baseline()
    assert refused(ArtifactError, path) == (
        "runs/b: is a baseline, and a file of ONNX holds a network",
        "--format numpy exports it",
    )
    assert export(path, OUTPUT, form="numpy").difference < 1e-5
    assert json_alone(OUTPUT, "good")[0]["label"] == predict(["good"], path)[0].label


@pytest.mark.usefixtures("_without_data")
def test_a_fusion_is_for_numpy_and_its_network_for_onnx() -> None:
    path = write_fusion()
    cause, hint = refused(ArtifactError, path)
    assert cause == "runs/f: is a fusion of 2 runs, and a file of ONNX holds one network"
    assert hint == "--format numpy exports it, or export one of its networks: runs/f/members/0"
    assert export(Path("runs/f/members/0"), OUTPUT).difference < 1e-5
    assert export(path, OUTPUT, form="numpy", force=True).difference < 1e-5
    expected = predict(["good"], path)[0].probabilities
    assert json_alone(OUTPUT, "good")[0]["probabilities"] == pytest.approx(expected, abs=1e-5)
    settings = json.loads((OUTPUT / "export.json").read_bytes())
    assert "members/0/model.safetensors" in settings["run_sha256"]


@pytest.mark.usefixtures("_without_data")
def test_small_runs_of_earlier_versions() -> None:
    """Without a temperature, a prior or metadata; with n-grams."""
    for path in (write_run(), write_both()):
        assert export(path, OUTPUT, force=True).difference < 1e-5
        shutil.rmtree(OUTPUT)


def test_a_language_whose_tokenizer_needs_spacy(run: Path) -> None:
    config = run / CONFIG
    config.write_text(config.read_text("utf-8").replace("language: en", "language: zh"), "utf-8")
    write_manifest(run, named(run))
    cause, hint = refused(DataError, run)
    assert cause.startswith(f"{run}: cannot be exported: text.language: the tokenizer of 'zh'")
    assert "xx" in hint


def test_a_folder_that_exists(run: Path) -> None:
    OUTPUT.mkdir()
    assert refused(ArtifactError, run) == (
        "exported: exists already",
        "choose another --output, or replace it with --force",
    )
    assert "is no export" in refused(ArtifactError, run, force=True)[0]
    OUTPUT.rmdir()
    export(run, OUTPUT)
    (OUTPUT / "vocabulary.txt").unlink()
    export(run, OUTPUT, force=True)
    assert (OUTPUT / "vocabulary.txt").is_file()


def test_an_export_that_predicts_something_else(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Other(Classifier):
        def probabilities(self, texts: Any) -> Any:
            return super().probabilities(texts) + np.float32(1e-4)

    other = formats.FORMATS["onnx"]
    monkeypatch.setitem(formats.FORMATS, "onnx", replace(other, read=Other))
    cause, hint = refused(ArtifactError, run)
    assert "on 16 validation texts probabilities differ by up to 1.0e-04" in cause
    assert "onnxruntime" in hint
    assert export(run, OUTPUT, int8=True).difference > 1e-5


def test_a_table_that_is_too_large_for_a_file(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_format, "LARGEST", 1_000)
    cause, hint = refused(ArtifactError, run)
    assert "word vectors are more than a file of ONNX can hold" in cause
    assert hint == "add --int8, or use --format numpy"
    monkeypatch.setattr(onnx_format, "LARGEST", 10)
    assert "max_size" in refused(ArtifactError, run, int8=True)[1]
