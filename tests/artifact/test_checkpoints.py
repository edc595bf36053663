"""Checkpoints: the last two, whole or not there."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest
import torch

from gru_sentiment.artifact.checkpoints import Checkpoints
from gru_sentiment.errors import ArtifactError

from .runs import failing

FOLDER = Path("checkpoints")


def save(number: int) -> None:
    Checkpoints(FOLDER).save({"w": torch.full((3,), float(number))}, {"number": number})


def newest() -> Any:
    found = Checkpoints(FOLDER).newest()
    assert found is not None
    tensors, values = found
    assert tensors["w"].tolist() == [float(values["number"])] * 3
    return values["number"]


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
    Checkpoints(FOLDER).save(tensors, values)
    found = Checkpoints(FOLDER).newest()
    assert found is not None
    assert found[1] == values
    assert all(torch.equal(found[0][name], tensors[name]) for name in tensors)
