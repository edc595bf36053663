"""Run folders from anywhere, and every way in which one can be wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from artifact.runs import CPU, TRAIN_ONE, WORDS, write_baseline, write_fusion, write_run
from safetensors.torch import load_file, save_file

from gru_sentiment.artifact.contents import read_metadata
from gru_sentiment.artifact.files import (
    CONFIG,
    KIND,
    LABELS,
    MANIFEST,
    METADATA,
    NEEDED,
    VOCABULARY,
    WEIGHTS,
)
from gru_sentiment.artifact.manifest import write_manifest
from gru_sentiment.data.vocab import Vocabulary
from gru_sentiment.errors import ArtifactError
from gru_sentiment.trained.network import Network
from gru_sentiment.trained.reader import check_is_network, load_network, load_run


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


def test_a_link_to_a_run_that_was_removed_leads_to_no_other_run() -> None:
    write_run()
    Path("runs/latest").unlink(missing_ok=True)
    Path("runs/latest").symlink_to("gone")
    with pytest.raises(ArtifactError) as caught:
        load_run(None, CPU)
    assert caught.value.cause == "runs/latest: the run that it leads to is gone"
    assert "or the model in the package: bundled" in caught.value.hint


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
    write_manifest(path, NEEDED)
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
    write_manifest(path, NEEDED)
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
    write_manifest(path, NEEDED)
    with pytest.raises(ArtifactError, match=r"^runs/a/labels\.json: "):
        load_run(path, CPU)


@pytest.mark.parametrize("content", [b"{", b"", b"\xff\xfe"])
def test_what_is_no_json(content: bytes) -> None:
    path = write_run()
    (path / LABELS).write_bytes(content)
    write_manifest(path, NEEDED)
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
    write_manifest(path, NEEDED)
    with pytest.raises(ArtifactError) as caught:
        load_run(path, CPU)
    assert caught.value.cause.startswith("runs/a/model.safetensors: not readable weights: ")
    assert caught.value.hint == "copy the whole folder again"


@pytest.mark.parametrize(
    ("before", "after", "tensor"),
    [
        ("hidden_size: 3", "hidden_size: 7", r"weights of shape \[9, 3\], .* 1 of 7 units"),
        ("cell: gru", "cell: lstm", r"recurrent\.bias_hh_l0 has shape \[9\], .* \[12\]"),
        ("layers: 1", "layers: 2", r"holds 1 recurrent layers .* 2 of 3 units"),
        ("bidirectional: true", "bidirectional: false", r"\[1, 18\], .* \[1, 9\]"),
        ("loss: auto", "loss: cross_entropy", r"head\.bias has shape \[1\], .* \[2\]"),
    ],
)
def test_weights_of_another_shape(before: str, after: str, tensor: str) -> None:
    path = write_run()
    text = (path / CONFIG).read_text("utf-8")
    assert before in text
    (path / CONFIG).write_text(text.replace(before, after), "utf-8")
    write_manifest(path, NEEDED)
    with pytest.raises(ArtifactError, match=tensor) as caught:
        load_run(path, CPU)
    assert "must come from the same training" in caught.value.hint


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"model: {cel: gru}", r"config\.yaml:1: model\.cel: unknown key"),
        (b"model: [", "not valid YAML"),
        (b"model: {} # \xff", "byte 12 is not UTF-8"),
    ],
)
def test_a_config_that_cannot_be_read(content: bytes, reason: str) -> None:
    path = write_run()
    (path / CONFIG).write_bytes(content)
    write_manifest(path, NEEDED)
    with pytest.raises(ArtifactError, match=reason) as caught:
        load_run(path, CPU)
    assert caught.value.cause.startswith("runs/a/config.yaml")


@pytest.mark.parametrize("name", NEEDED)
def test_a_file_that_is_not_the_one_that_was_written(name: str) -> None:
    path = write_run()
    content = bytearray((path / name).read_bytes())
    content[len(content) // 2] ^= 1
    (path / name).write_bytes(content)
    with pytest.raises(ArtifactError) as caught:
        load_run(path, CPU)
    assert caught.value.cause.startswith(f"runs/a/{name}: is not the file that was written")
    assert "copy the whole folder again" in caught.value.hint


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{}", b'{"sha256": 3}', b'{"sha256": {"config.yaml": 1}}', b"[" * 100_000],
)
def test_what_is_no_manifest(content: bytes) -> None:
    path = write_run()
    (path / MANIFEST).write_bytes(content)
    with pytest.raises(ArtifactError, match=r"^runs/a/manifest\.json: not a manifest"):
        load_run(path, CPU)


def test_a_manifest_that_is_missing_or_names_too_little() -> None:
    path = write_run()
    write_manifest(path, NEEDED[1:])
    with pytest.raises(ArtifactError, match=rf"manifest\.json: does not name {NEEDED[0]}"):
        load_run(path, CPU)
    (path / MANIFEST).unlink()
    with pytest.raises(ArtifactError, match=r"manifest\.json: cannot be read: No such file"):
        load_run(path, CPU)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_weights_that_are_not_finite(value: float) -> None:
    path = write_run()
    tensors = load_file(path / WEIGHTS)
    tensors["head.weight"][0, 1] = value
    save_file(tensors, path / WEIGHTS)
    write_manifest(path, NEEDED)
    with pytest.raises(ArtifactError, match=r"head\.weight holds numbers that are not finite"):
        load_run(path, CPU)


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.int32])
def test_weights_of_another_type(dtype: torch.dtype) -> None:
    path = write_run()
    tensors = load_file(path / WEIGHTS)
    tensors["head.bias"] = tensors["head.bias"].to(dtype)
    save_file(tensors, path / WEIGHTS)
    write_manifest(path, NEEDED)
    name = str(dtype).removeprefix("torch.")
    with pytest.raises(ArtifactError, match=rf"head\.bias holds {name}, expected float32"):
        load_run(path, CPU)


def test_a_config_of_a_giant_takes_no_memory() -> None:
    path = write_run()
    text = (path / CONFIG).read_text("utf-8").replace("hidden_size: 3", "hidden_size: 65536")
    (path / CONFIG).write_text(text.replace("layers: 1", "layers: 64"), "utf-8")
    write_manifest(path, NEEDED)
    with pytest.raises(ArtifactError, match="the config asks for"):
        load_run(path, CPU)


# other kinds


def of_kind(kind: object) -> Path:
    path = write_run()
    (path / KIND).write_text(json.dumps({"kind": kind}), "utf-8")
    return path


def test_an_encoder_answers_nothing() -> None:
    with pytest.raises(ArtifactError) as caught:
        load_run(of_kind("encoder"), CPU)
    assert caught.value.cause == "runs/a: is a pre-trained encoder, not a classifier"
    assert "model.initialize_from" in caught.value.hint


@pytest.mark.parametrize("kind", ["tree", None, 3, {"a": 1}, "x" * 10_000])
def test_a_kind_that_nobody_knows(kind: object) -> None:
    with pytest.raises(ArtifactError, match=r"^runs/a: is of the kind .{1,24}, known are net"):
        load_run(of_kind(kind), CPU)


def test_a_net_may_say_so() -> None:
    assert isinstance(load_run(of_kind("net"), CPU), Network)


@pytest.mark.parametrize(
    ("write", "kind", "command"),
    [(write_baseline, "baseline", "gru-sent baseline"), (write_fusion, "fusion", "gru-sent fuse")],
)
def test_only_nets_are_nets(write: Callable[[], Path], kind: str, command: str) -> None:
    path = write()
    with pytest.raises(ArtifactError) as caught:
        load_network(path, CPU)
    assert caught.value.cause == f"{path}: is a {kind}, not a trained network"
    assert caught.value.hint == f"make {path} again with {command}"
    assert isinstance(load_network(write_run(Path("runs/net")), CPU), Network)


def test_an_unfinished_encoder_is_no_net_in_training() -> None:
    path = of_kind("encoder").rename("runs/a.partial")
    with pytest.raises(ArtifactError, match=r"runs/a\.partial: is an encoder, not a") as caught:
        check_is_network(path)
    assert caught.value.hint == "make runs/a again with gru-sent pretrain"


def test_the_latest_run_of_any_kind_is_called_by_its_name() -> None:
    write_fusion()
    assert load_run(None, CPU).path == Path("runs/f")
    write_baseline(Path("runs/newer"))
    assert load_run(None, CPU).path == Path("runs/newer")
