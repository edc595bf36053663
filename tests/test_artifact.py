"""Run folders: whole or not there, and every way in which one can be broken."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch.nn.utils.rnn import pack_sequence

from gru_sentiment.artifact import (
    CONFIG,
    HISTORY,
    LABELS,
    LATEST,
    METADATA,
    METRICS,
    NEEDED,
    VOCABULARY,
    WEIGHTS,
    RunWriter,
    free_run_path,
    load_run,
    partial_of,
    read_metadata,
)
from gru_sentiment.build import build_model
from gru_sentiment.config import Config, ModelConfig, VectorsConfig
from gru_sentiment.config_file import load_config
from gru_sentiment.data.labels import Labels
from gru_sentiment.data.vocab import Vocabulary
from gru_sentiment.errors import ArtifactError
from gru_sentiment.models.classifier import TextClassifier
from gru_sentiment.results import EvaluationRecord

CPU = torch.device("cpu")
CONFIG_VALUE = Config(
    model=ModelConfig(hidden_size=3), vectors=VectorsConfig(source="none", dimension=4)
)
WORDS = Vocabulary(["<unk>", "<pad>", "good", "bad", "\u2028", "caf\u00e9"])
CLASSES = Labels(["negative", "positive"])
TRAIN_ONE = "train one: gru-sent train --config configs/gru.yaml"


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def new_model(config: Config = CONFIG_VALUE, seed: int = 0) -> TextClassifier:
    torch.manual_seed(seed)
    return build_model(config, torch.randn(len(WORDS), 4), len(CLASSES), CPU)


def fill(writer: RunWriter, model: TextClassifier | None = None) -> None:
    writer.save_setup(CONFIG_VALUE, WORDS, CLASSES)
    writer.save_model(model or new_model())


def write_run(path: Path = Path("runs/a"), *, force: bool = False, seed: int = 0) -> Path:
    with RunWriter(path, force=force) as writer:
        fill(writer, new_model(seed=seed))
        writer.write_json(METADATA, {"seed": seed})
        writer.finish()
    return path


def record(epoch: int) -> EvaluationRecord:
    return EvaluationRecord(
        epoch=epoch,
        step=3 * epoch,
        train_loss=0.5,
        train_accuracy=0.75,
        learning_rate=0.01,
        gradient_norm=1.5,
        scores={"loss": 0.25, "accuracy": 0.5},
        tokens=100,
        elapsed_s=2.0,
        tokens_per_s=50.0,
    )


def train_and(
    action: Callable[[RunWriter], object],
    path: Path = Path("runs/a"),
    *,
    force: bool = False,
    save: bool = True,
) -> None:
    """Write a run up to its weights, then do `action` in the writer's block."""
    with RunWriter(path, force=force) as writer:
        writer.save_setup(CONFIG_VALUE, WORDS, CLASSES)
        if save:
            writer.save_model(new_model())
        action(writer)


def stop_with(error: BaseException) -> Callable[[RunWriter], None]:
    def stop(_: RunWriter) -> None:
        raise error

    return stop


def failing(code: int) -> Callable[..., Any]:
    def fail(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    return fail


# writing


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_a_run_reads_back_to_equal_logits(cell: Any) -> None:
    config = CONFIG_VALUE.model_copy(update={"model": ModelConfig(cell=cell, hidden_size=3)})
    model = new_model(config).eval()
    with RunWriter(Path("runs/a")) as writer:
        writer.save_setup(config, WORDS, CLASSES)
        writer.save_model(model)
        writer.finish()
    run = load_run(Path("runs/a"), CPU)
    texts = pack_sequence([torch.tensor([2, 3, 4]), torch.tensor([5, 0]), torch.tensor([1])])
    assert torch.equal(run.model(texts), model(texts))
    assert not run.model.training
    assert (run.config, run.path, run.device) == (config, Path("runs/a"), CPU)
    assert run.vocabulary.words == WORDS.words
    assert run.labels.classes == CLASSES.classes


@pytest.mark.parametrize("classes", [["no", "yes"], [0, 1], [-1, 3], ["caf\u00e9", "\u4e0d"]])
def test_classes_come_back_as_given(classes: list[Any]) -> None:
    with RunWriter(Path("a")) as writer:
        writer.save_setup(CONFIG_VALUE, WORDS, Labels(classes))
        writer.save_model(new_model())
        writer.finish()
    assert load_run(Path("a"), CPU).labels.classes == classes


def test_the_folder_has_its_name_only_when_finished() -> None:
    path = Path("runs/a")
    with RunWriter(path) as writer:
        fill(writer)
        assert partial_of(path).is_dir()
        assert not path.exists()
        writer.finish()
    assert not partial_of(path).exists()
    assert {p.name for p in path.iterdir()} == set(NEEDED)


def test_files_are_text_that_reads_back() -> None:
    with RunWriter(Path("a")) as writer:
        fill(writer)
        writer.append_record(record(1))
        writer.append_record(record(2))
        writer.write_json(METRICS, {"f1": 0.5, "name": "caf\u00e9"})
        writer.write_lines("lines.jsonl", [{"row": 1}, {"row": 2}])
        writer.finish()
    assert load_config(Path("a") / CONFIG) == CONFIG_VALUE
    assert Vocabulary.load(Path("a") / VOCABULARY).words == WORDS.words
    assert json.loads((Path("a") / METRICS).read_text("utf-8")) == {"f1": 0.5, "name": "caf\u00e9"}
    assert (Path("a") / "lines.jsonl").read_text("utf-8") == '{"row": 1}\n{"row": 2}\n'
    history = (Path("a") / HISTORY).read_text("utf-8").splitlines()
    assert list(map(json.loads, history)) == [record(1).to_json(), record(2).to_json()]
    assert json.loads(history[0])["validation_loss"] == 0.25
    assert set(load_file(Path("a") / WEIGHTS)) == set(new_model().state_dict())
    assert not list(Path("a").glob("*.tmp"))


def test_the_weights_saved_last_are_loaded() -> None:
    first, second = new_model(seed=1), new_model(seed=2)
    with RunWriter(Path("a")) as writer:
        writer.save_model(first)
        writer.save_model(second)
        found = writer.load_weights(new_model(seed=3))
        assert torch.equal(found.head.weight, second.head.weight)
        writer.finish()


def test_latest_names_the_newest_finished_run() -> None:
    write_run(Path("runs/a"), seed=1)
    write_run(Path("runs/b"), seed=2)
    with RunWriter(Path("runs/c")) as writer:
        fill(writer)
    assert os.readlink(LATEST) == "b"
    assert read_metadata(LATEST) == {"seed": 2}
    write_run(Path("runs/a"), seed=3, force=True)
    run = load_run(None, CPU)
    assert run.path == Path("runs/a")
    assert read_metadata(run.path) == {"seed": 3}


def test_latest_finds_a_run_elsewhere(tmp_path: Path) -> None:
    write_run(tmp_path / "other" / "place")
    assert load_run(None, CPU).path.resolve() == tmp_path / "other" / "place"


def test_free_names() -> None:
    assert free_run_path("a") == Path("runs/a")
    write_run(Path("runs/a"))
    assert free_run_path("a") == Path("runs/a-2")
    partial_of(Path("runs/a-2")).mkdir()
    assert free_run_path("a") == Path("runs/a-3")


def test_no_run_takes_the_name_of_the_link() -> None:
    assert free_run_path(LATEST.name) != LATEST
    with pytest.raises(ArtifactError):
        RunWriter(LATEST)
    write_run(Path("runs/a"))
    assert os.listdir("runs").count("latest") == 1
    assert LATEST.is_symlink()


# what is in the way


def test_an_existing_run_stays_without_force() -> None:
    write_run(Path("runs/a"), seed=1)
    before = (Path("runs/a") / WEIGHTS).read_bytes()
    with pytest.raises(ArtifactError) as caught:
        RunWriter(Path("runs/a"))
    assert caught.value.cause == "runs/a: exists already"
    assert caught.value.hint == "choose another --output, or replace it with --force"
    assert (Path("runs/a") / WEIGHTS).read_bytes() == before
    assert sorted(os.listdir("runs")) == ["a", "latest"]


def test_force_replaces_a_run() -> None:
    write_run(Path("runs/a"), seed=1)
    (Path("runs/a") / "old").touch()
    write_run(Path("runs/a"), seed=2, force=True)
    assert read_metadata(Path("runs/a")) == {"seed": 2}
    assert not (Path("runs/a") / "old").exists()
    assert sorted(os.listdir("runs")) == ["a", "latest"]


def test_force_takes_an_empty_folder() -> None:
    Path("a").mkdir()
    write_run(Path("a"), force=True)
    assert load_run(Path("a"), CPU).labels.classes == CLASSES.classes


@pytest.mark.parametrize("is_folder", [True, False])
def test_force_replaces_runs_only(is_folder: bool) -> None:
    path = Path("thesis")
    if is_folder:
        path.mkdir()
    content = path / "chapter" if is_folder else path
    content.write_text("mine", "utf-8")
    with pytest.raises(ArtifactError, match=r"thesis: is not a run folder; --force replaces runs"):
        RunWriter(path, force=True)
    assert content.read_text("utf-8") == "mine"
    assert os.listdir() == ["thesis"]


def test_a_partial_folder_in_the_way() -> None:
    partial = partial_of(Path("runs/a"))
    partial.mkdir(parents=True)
    (partial / "old").touch()
    with pytest.raises(ArtifactError) as caught:
        RunWriter(Path("runs/a"))
    assert caught.value.cause.startswith(f"{partial}: another training writes it, or one that was")
    assert "remove that folder" in caught.value.hint
    assert (partial / "old").exists()
    write_run(Path("runs/a"), force=True)
    assert not (Path("runs/a") / "old").exists()


def test_a_folder_that_came_during_the_training_stays() -> None:
    def finish_late(writer: RunWriter) -> None:
        writer.path.mkdir()
        (writer.path / "mine").touch()
        writer.finish()

    with pytest.raises(ArtifactError, match="a: exists already"):
        train_and(finish_late, Path("a"))
    assert (Path("a") / "mine").exists()


def test_a_folder_with_a_name_like_ours_stays() -> None:
    Path("a.replaced").mkdir()
    (Path("a.replaced") / "mine").touch()
    write_run(Path("a"))
    write_run(Path("a"), force=True, seed=2)
    assert read_metadata(Path("a")) == {"seed": 2}
    assert (Path("a.replaced") / "mine").exists()


# errors and interruptions


def test_an_error_leaves_nothing() -> None:
    with pytest.raises(ZeroDivisionError):
        train_and(stop_with(ZeroDivisionError()))
    assert os.listdir("runs") == []


def test_an_interruption_keeps_the_weights() -> None:
    with pytest.raises(KeyboardInterrupt):
        train_and(stop_with(KeyboardInterrupt()))
    assert os.listdir("runs") == ["a.partial"]
    assert load_run(partial_of(Path("runs/a")), CPU).vocabulary.words == WORDS.words


def test_an_interruption_without_weights_leaves_nothing() -> None:
    with pytest.raises(KeyboardInterrupt):
        train_and(stop_with(KeyboardInterrupt()), save=False)
    assert os.listdir("runs") == []


WRITES: dict[str, Callable[[RunWriter], None]] = {
    CONFIG: lambda writer: writer.save_setup(CONFIG_VALUE, WORDS, CLASSES),
    WEIGHTS: lambda writer: writer.save_model(new_model()),
    METRICS: lambda writer: writer.write_json(METRICS, {}),
    HISTORY: lambda writer: writer.append_record(record(1)),
}


@pytest.mark.parametrize("name", WRITES)
@pytest.mark.parametrize(
    ("code", "hint"),
    [
        (errno.ENOSPC, "free some space, or choose an --output on another disk"),
        (errno.EDQUOT, "free some space, or choose an --output on another disk"),
        (errno.EROFS, "choose another --output"),
    ],
)
def test_a_full_disk_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, name: str, code: int, hint: str
) -> None:
    def write_to_a_full_disk(writer: RunWriter) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(Path, "open", failing(code))
            WRITES[name](writer)

    with pytest.raises(ArtifactError) as caught:
        train_and(write_to_a_full_disk, save=False)
    assert caught.value.cause == f"runs/a.partial/{name}: cannot be written: {os.strerror(code)}"
    assert caught.value.hint == hint
    assert os.listdir("runs") == []


def test_a_disk_that_is_full_when_syncing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is whole in memory and not on the disk: the weights saved before stay."""
    second, found = new_model(seed=2), new_model(seed=3)

    def save_again(writer: RunWriter) -> None:
        monkeypatch.setattr(os, "fsync", failing(errno.ENOSPC))
        try:
            writer.save_model(second)
        finally:
            writer.load_weights(found)

    with pytest.raises(ArtifactError, match="No space left on device") as caught:
        train_and(save_again)
    assert caught.value.hint.startswith("free some space")
    assert torch.equal(found.head.weight, new_model().head.weight)
    assert os.listdir("runs") == []


def test_a_folder_that_cannot_be_made() -> None:
    Path("file").touch()
    with pytest.raises(ArtifactError) as caught:
        RunWriter(Path("file/run"))
    assert caught.value.cause == "file/run.partial: cannot be written: Not a directory"
    assert caught.value.hint == "choose another --output"


def test_a_replacement_that_fails_leaves_the_old_run(monkeypatch: pytest.MonkeyPatch) -> None:
    write_run(Path("runs/a"), seed=1)
    rename = Path.rename

    def fails_for_the_new(self: Path, target: Path) -> Path:
        if self == partial_of(Path("runs/a")):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fails_for_the_new)
    with pytest.raises(ArtifactError, match="No space left on device"):
        train_and(RunWriter.finish, force=True)
    assert sorted(os.listdir("runs")) == ["a", "latest"]
    assert read_metadata(Path("runs/a")) == {"seed": 1}


def test_a_run_is_whole_without_the_link(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Path, "symlink_to", failing(errno.EPERM))
    write_run(Path("runs/a"))
    assert load_run(Path("runs/a"), CPU).labels.classes == CLASSES.classes
    assert "runs/latest" in caplog.text
    assert os.listdir("runs") == ["a"]


# reading


@pytest.mark.parametrize("name", NEEDED)
def test_a_missing_file_is_named(name: str) -> None:
    path = write_run()
    (path / name).unlink()
    with pytest.raises(ArtifactError) as caught:
        load_run(path, CPU)
    assert caught.value.cause == f"runs/a: not a complete run folder: {name} missing"
    assert caught.value.hint == "train again, or copy the whole folder"


def test_all_missing_files_are_named() -> None:
    Path("empty").mkdir()
    with pytest.raises(ArtifactError, match=", ".join(NEEDED)):
        load_run(Path("empty"), CPU)


def test_without_a_run_the_message_says_how_to_train() -> None:
    with pytest.raises(ArtifactError) as caught:
        load_run(None, CPU)
    assert caught.value.cause == "there is no finished run here"
    assert caught.value.hint == TRAIN_ONE


def test_a_link_to_a_run_that_was_removed_is_no_run() -> None:
    shutil.rmtree(write_run())
    with pytest.raises(ArtifactError, match="there is no finished run here"):
        load_run(None, CPU)


def test_an_unknown_run_lists_those_there_are() -> None:
    with pytest.raises(ArtifactError) as caught:
        load_run(Path("runs/b"), CPU)
    assert (caught.value.cause, caught.value.hint) == ("runs/b: no such run folder", TRAIN_ONE)
    write_run()
    with pytest.raises(ArtifactError) as caught:
        load_run(Path("runs/b"), CPU)
    assert caught.value.hint == "runs here: runs/a"


def test_a_vocabulary_that_does_not_fit() -> None:
    path = write_run()
    (path / VOCABULARY).write_text(Vocabulary(WORDS.words[:-1]).to_text(), "utf-8")
    with pytest.raises(ArtifactError) as caught:
        load_run(path, CPU)
    assert caught.value.cause == (
        "runs/a/model.safetensors: holds vectors for 6 words and runs/a/vocabulary.txt lists 5"
    )
    assert "both must come from the same training" in caught.value.hint


@pytest.mark.parametrize("text", ["", "good\nbad\n", "<unk>\n<pad>\na\na\n", "<pad>\n<unk>\na\n"])
def test_what_is_no_vocabulary(text: str) -> None:
    path = write_run()
    (path / VOCABULARY).write_text(text, "utf-8")
    with pytest.raises(ArtifactError, match=r"^runs/a/vocabulary\.txt: not a vocabulary: "):
        load_run(path, CPU)


@pytest.mark.parametrize(
    "labels",
    [
        {"labels": None},
        {"labels": 3},
        {"labels": "ab"},
        {"labels": {"a": 0, "b": 1}},
        {"labels": [True, False]},
        {"labels": [0.0, 1.0]},
        {"labels": [["a"], ["b"]]},
        {"labels": ["a", None]},
        {"labels": ["a"]},
        {"labels": ["a", "a"]},
        {"classes": ["a", "b"]},
        ["a", "b"],
        "text",
    ],
)
def test_what_is_no_list_of_classes(labels: Any) -> None:
    path = write_run()
    (path / LABELS).write_text(json.dumps(labels), "utf-8")
    with pytest.raises(ArtifactError, match=r"^runs/a/labels\.json: "):
        load_run(path, CPU)


@pytest.mark.parametrize("content", [b"{", b"", b"\xff\xfe"])
def test_what_is_no_json(content: bytes) -> None:
    path = write_run()
    (path / LABELS).write_bytes(content)
    (path / METADATA).write_bytes(content)
    with pytest.raises(ArtifactError, match=r"^runs/a/labels\.json: "):
        load_run(path, CPU)
    with pytest.raises(ArtifactError, match=r"^runs/a/metadata\.json: not valid JSON"):
        read_metadata(path)


def test_a_run_without_metadata_has_none() -> None:
    path = write_run()
    (path / METADATA).unlink()
    assert read_metadata(path) == {}


@pytest.mark.parametrize("keep", [0, 5, 100, -1])
def test_weights_that_were_cut_off(keep: int) -> None:
    path = write_run()
    whole = (path / WEIGHTS).read_bytes()
    (path / WEIGHTS).write_bytes(whole[:keep])
    with pytest.raises(ArtifactError) as caught:
        load_run(path, CPU)
    assert caught.value.cause.startswith("runs/a/model.safetensors: not readable weights: ")
    assert caught.value.hint == "copy the whole folder again"


@pytest.mark.parametrize(
    ("before", "after", "tensor"),
    [
        ("hidden_size: 3", "hidden_size: 7", r"head\.weight has shape \[1, 18\], .* \[1, 42\]"),
        ("cell: gru", "cell: lstm", r"recurrent\.bias_hh_l0 has shape \[9\], .* \[12\]"),
        ("layers: 1", "layers: 2", r"recurrent\.bias_hh_l1 has shape none, .* \[9\]"),
        ("bidirectional: true", "bidirectional: false", r"\[1, 18\], .* \[1, 9\]"),
        ("loss: bce", "loss: cross_entropy", r"head\.bias has shape \[1\], .* \[2\]"),
    ],
)
def test_weights_of_another_shape(before: str, after: str, tensor: str) -> None:
    path = write_run()
    text = (path / CONFIG).read_text("utf-8")
    assert before in text
    (path / CONFIG).write_text(text.replace(before, after), "utf-8")
    with pytest.raises(ArtifactError, match=tensor) as caught:
        load_run(path, CPU)
    assert "must come from the same training" in caught.value.hint


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"model: {cel: gru}", r"config\.yaml:1: model\.cel: unknown key"),
        (b"model: [", "not valid YAML"),
        (b"model: {} # \xff", "utf-8"),
    ],
)
def test_a_config_that_cannot_be_read(content: bytes, reason: str) -> None:
    path = write_run()
    (path / CONFIG).write_bytes(content)
    with pytest.raises(ArtifactError, match=reason) as caught:
        load_run(path, CPU)
    assert caught.value.cause.startswith("runs/a/config.yaml")
