"""Run folders: whole or not there, and every way in which one can be broken."""

from __future__ import annotations

import errno
import json
import logging
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch.nn.utils.rnn import pack_sequence

from gru_sentiment.artifact import writer
from gru_sentiment.artifact.contents import read_metadata
from gru_sentiment.artifact.files import (
    CONFIG,
    HISTORY,
    INFERENCE,
    LATEST,
    LOCK,
    MANIFEST,
    METADATA,
    METRICS,
    NEEDED,
    VOCABULARY,
    WEIGHTS,
    partial_of,
)
from gru_sentiment.artifact.folders import free_run_path, point_latest_to
from gru_sentiment.artifact.writer import RunWriter
from gru_sentiment.config.loading import load_config
from gru_sentiment.config.sections import ModelConfig
from gru_sentiment.data.labels import Labels
from gru_sentiment.data.vocab import Vocabulary
from gru_sentiment.errors import ArtifactError
from gru_sentiment.trained.reader import load_run

from .runs import (
    CLASSES,
    CONFIG_VALUE,
    CPU,
    WORDS,
    failing,
    fill,
    new_model,
    record,
    set_up,
    stop_with,
    train_and,
    write_run,
)

# writing


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_a_run_reads_back_to_equal_logits(cell: Any) -> None:
    config = CONFIG_VALUE.model_copy(update={"model": ModelConfig(cell=cell, hidden_size=3)})
    model = new_model(config).eval()
    with RunWriter(Path("runs/a")) as writer:
        set_up(writer, config)
        writer.save_weights(model.state_dict())
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
        set_up(writer, labels=Labels(classes))
        writer.save_weights(new_model().state_dict())
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
    assert {p.name for p in path.iterdir()} == {*NEEDED, INFERENCE, MANIFEST}


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
        writer.save_weights(first.state_dict())
        writer.save_weights(second.state_dict())
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


def test_a_run_elsewhere_leaves_latest_as_it_is(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    write_run(tmp_path / "other" / "place")
    assert not Path("runs").exists()
    assert f"runs/latest names no run: {tmp_path}/other/place lies outside runs" in caplog.text
    write_run(Path("runs/a"))
    write_run(Path("b"))
    assert os.readlink(LATEST) == "a"
    assert "runs/latest still names another run: b lies outside runs" in caplog.text


def test_latest_is_set_where_runs_is_a_link(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    Path("runs").symlink_to("disk")
    write_run(Path("runs/a"))
    write_run(tmp_path / "disk" / "b")
    assert os.readlink(LATEST) == "b"
    assert load_run(None, CPU).path.resolve() == tmp_path / "disk" / "b"


def test_a_run_elsewhere_beside_a_file_named_runs() -> None:
    Path("runs").touch()
    write_run(Path("a"))
    assert not (Path("a") / "checkpoints").exists()


def test_a_folder_in_place_of_latest_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    (LATEST / "kept").mkdir(parents=True)
    write_run(Path("runs/a"))
    assert "runs/latest still names another run: Is a directory" in caplog.text
    assert sorted(os.listdir("runs")) == ["a", "latest"]
    assert not (Path("runs/a") / "checkpoints").exists()


def test_a_folder_of_runs_that_cannot_be_written_is_a_warning(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    write_run(Path("runs/a"))
    for operation in ("symlink_to", "unlink"):
        monkeypatch.setattr(Path, operation, failing(errno.EROFS))
    point_latest_to(Path("runs/b"))
    assert "runs/latest still names another run: Read-only file system" in caplog.text


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


@pytest.mark.parametrize("name", ["old", WEIGHTS, "checkpoints/000001"])
def test_a_partial_folder_in_the_way(name: str) -> None:
    partial = partial_of(Path("runs/a"))
    (partial / name).parent.mkdir(parents=True)
    (partial / name).touch()
    with pytest.raises(ArtifactError) as caught:
        RunWriter(Path("runs/a"))
    assert caught.value.cause == f"{partial}: a training that did not finish left it"
    assert "gru-sent train --resume runs/a" in caught.value.hint
    assert (partial / name).read_bytes() == b""
    write_run(Path("runs/a"), force=True)
    assert not (Path("runs/a") / name).is_file() or name == WEIGHTS


def test_what_a_death_before_the_training_left_is_cleared() -> None:
    partial = partial_of(Path("runs/a"))
    partial.mkdir(parents=True)
    for name in (CONFIG, VOCABULARY, "config.yaml.tmp", "lock"):
        (partial / name).touch()
    write_run(Path("runs/a"))
    assert {p.name for p in Path("runs/a").iterdir()} == {*NEEDED, INFERENCE, METADATA, MANIFEST}


@pytest.mark.parametrize("options", [{}, {"force": True}, {"resume": True}])
def test_one_process_writes_a_run(options: dict[str, bool]) -> None:
    with RunWriter(Path("runs/a")) as writer:
        fill(writer)
        with pytest.raises(ArtifactError) as caught:
            RunWriter(Path("runs/a"), **options)
        assert caught.value.cause == "runs/a.partial: another process writes it"
        writer.finish()
    assert load_run(Path("runs/a"), CPU).labels.classes == CLASSES.classes


def is_held(folder: Path) -> bool:
    """Whether somebody has the lock in a folder."""
    import fcntl

    lock = folder / LOCK
    if not lock.exists():
        return False
    with lock.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


@pytest.fixture
def like_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders that hold an open file are neither renamed nor removed."""
    rename, rmtree = Path.rename, shutil.rmtree

    def refusing(change: Callable[..., Any]) -> Callable[..., Any]:
        def checked(path: Any, *of: Any, **options: Any) -> Any:
            if is_held(Path(path)):
                raise PermissionError(errno.EACCES, "used by another process")
            return change(path, *of, **options)

        return checked

    monkeypatch.setattr(writer, "RENAMES_OPEN_FILES", False, raising=False)
    monkeypatch.setattr(Path, "rename", refusing(rename))
    monkeypatch.setattr(shutil, "rmtree", refusing(rmtree))


@pytest.mark.usefixtures("like_windows")
def test_force_over_an_unfinished_run_where_open_files_stay() -> None:
    with pytest.raises(ZeroDivisionError):
        train_and(stop_with(ZeroDivisionError()))
    write_run(Path("runs/a"), seed=2, force=True)
    assert read_metadata(Path("runs/a")) == {"seed": 2}
    with pytest.raises(ZeroDivisionError):
        train_and(stop_with(ZeroDivisionError()), Path("runs/b"), save=False)
    assert sorted(os.listdir("runs")) == ["a", "latest"]


@pytest.mark.skipif(os.name != "posix", reason="Windows renames no folder that holds an open file")
def test_the_lock_is_held_until_the_folder_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    partial, rename, held = partial_of(Path("runs/a")), Path.rename, []

    def noting(self: Path, target: Path) -> Path:
        if self == partial:
            held.append(is_held(partial))
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", noting)
    with pytest.raises(ZeroDivisionError):
        train_and(stop_with(ZeroDivisionError()), save=False)
    with pytest.raises(ZeroDivisionError):
        train_and(stop_with(ZeroDivisionError()))
    write_run(Path("runs/a"), force=True)
    assert held == [True, True, True]  # removed without weights, cleared by --force, finished
    assert not (Path("runs/a") / LOCK).exists()


def test_what_another_process_began_meanwhile_stays() -> None:
    """An error behind `finish`, when the folder's name is free for others."""
    one = RunWriter(Path("runs/a"))
    fill(one)
    one.finish()
    with RunWriter(Path("runs/a"), force=True) as other:
        other.save_config(CONFIG_VALUE)
        one.__exit__(ZeroDivisionError)
        assert (other.partial / CONFIG).exists()


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


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
def test_weights_are_kept_whatever_happens(error: type[BaseException]) -> None:
    with pytest.raises(error):
        train_and(stop_with(error()))
    assert os.listdir("runs") == ["a.partial"]
    assert load_run(partial_of(Path("runs/a")), CPU).vocabulary.words == WORDS.words


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
def test_without_weights_nothing_is_left(error: type[BaseException]) -> None:
    with pytest.raises(error):
        train_and(stop_with(error()), save=False)
    assert os.listdir("runs") == []


WRITES: dict[str, Callable[[RunWriter], None]] = {
    CONFIG: lambda writer: writer.save_config(CONFIG_VALUE),
    WEIGHTS: lambda writer: writer.save_weights(new_model().state_dict()),
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
            writer.save_weights(second.state_dict())
        finally:
            writer.load_weights(found)

    with pytest.raises(ArtifactError, match="No space left on device") as caught:
        train_and(save_again)
    assert caught.value.hint.startswith("free some space")
    assert torch.equal(found.head.weight, new_model().head.weight)
    assert load_run(partial_of(Path("runs/a")), CPU).vocabulary.words == WORDS.words
    assert not list(partial_of(Path("runs/a")).glob("*.tmp"))


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
    assert sorted(os.listdir("runs")) == ["a", "a.partial", "latest"]
    assert read_metadata(Path("runs/a")) == {"seed": 1}


def test_a_run_is_whole_without_the_link(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Path, "symlink_to", failing(errno.EPERM))
    write_run(Path("runs/a"))
    assert load_run(Path("runs/a"), CPU).labels.classes == CLASSES.classes
    assert "runs/latest" in caplog.text
    assert os.listdir("runs") == ["a"]
