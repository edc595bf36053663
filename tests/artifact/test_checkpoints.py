"""Checkpoints: the last two, whole or not there."""

from __future__ import annotations

import errno
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from gru_sentiment.artifact.checkpoints import VALUES, Checkpoint, Checkpoints
from gru_sentiment.artifact.manifest import named, write_manifest
from gru_sentiment.errors import ArtifactError

from .runs import failing

FOLDER = Path("checkpoints")


def checkpoint(number: int) -> Checkpoint:
    return Checkpoint(
        tensors={"w": torch.full((3,), float(number))},
        state={"number": number},
        best_epoch=number,
        best_scores={"loss": 0.5},
        history_bytes=10 * number,
        facts={"data": "abc"},
    )


def save(number: int) -> None:
    Checkpoints(FOLDER).save(checkpoint(number))


def newest() -> Any:
    found = Checkpoints(FOLDER).newest()
    assert found is not None
    assert found.tensors["w"].tolist() == [float(found.state["number"])] * 3
    return found.state["number"]


def names() -> list[str]:
    return sorted(path.name for path in FOLDER.iterdir())


def test_none_at_first() -> None:
    assert Checkpoints(FOLDER).newest() is None


def test_the_last_two_are_kept() -> None:
    for number in range(1, 6):
        save(number)
        assert newest() == number
    assert names() == ["000004", "000005"]


@pytest.mark.parametrize("call", ["fsync", "replace", "mkdir"])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_a_disk_that_refuses_leaves_those_before(
    call: str, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(1)
    save(2)
    with monkeypatch.context() as patch:
        patch.setattr(os, call, failing(code))
        with pytest.raises(ArtifactError, match=os.strerror(code)):
            save(3)
    assert names() == ["000001", "000002"]
    assert newest() == 2
    save(3)
    assert newest() == 3


def test_what_a_death_left_half_done_is_not_a_checkpoint() -> None:
    save(1)
    (FOLDER / "000002.tmp").mkdir()
    (FOLDER / "000002.tmp" / "tensors.safetensors").write_bytes(b"half")
    assert newest() == 1
    save(2)
    assert names() == ["000001", "000002"]


def test_exact_to_the_last_bit() -> None:
    values = {"a": 0.1 + 0.2, "b": [1e-300, 2**53 + 1], "c": "caf\u00e9", "d": None}
    tensors = {
        "f": torch.randn(4, 3),
        "bytes": torch.get_rng_state(),
        "one": torch.tensor(7.0),
        "strided": torch.randn(4, 3).T,
    }
    saved = replace(checkpoint(1), tensors=tensors, state=values)
    Checkpoints(FOLDER).save(saved)
    found = Checkpoints(FOLDER).newest()
    assert found is not None
    assert found.values() == saved.values()
    assert all(torch.equal(found.tensors[name], tensors[name]) for name in tensors)


def test_a_checkpoint_of_another_version_is_named() -> None:
    save(1)
    folder = FOLDER / "000001"
    values = json.loads((folder / VALUES).read_bytes())
    (folder / VALUES).write_text(json.dumps({**values, "weather": "rain"}), "utf-8")
    write_manifest(folder, named(folder))
    with pytest.raises(ArtifactError, match=r"000001: a checkpoint of another version") as caught:
        Checkpoints(FOLDER).newest()
    assert "weather" in caught.value.cause
    assert "resume with the version that wrote it" in caught.value.hint
