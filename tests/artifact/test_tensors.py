"""Tensors come back as they were, and a file that cannot be written is left as it was."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from gru_sentiment.artifact.tensors import write_tensors
from gru_sentiment.errors import ArtifactError

from .runs import failing

PATH = Path("weights.safetensors")


def test_written_and_read() -> None:
    whole = torch.arange(6.0).reshape(2, 3)
    # a view that does not lie in the memory as it reads
    tensors = {"a": whole.T, "b": torch.tensor(1.5)}
    write_tensors(PATH, tensors)
    found = load_file(PATH)
    assert set(found) == set(tensors)
    assert all(torch.equal(found[name], tensors[name]) for name in tensors)
    assert [path.name for path in Path().iterdir()] == [PATH.name]


def test_a_full_disk_leaves_what_was_there(monkeypatch: pytest.MonkeyPatch) -> None:
    write_tensors(PATH, {"a": torch.ones(2)})
    before = PATH.read_bytes()
    monkeypatch.setattr(os, "fsync", failing(errno.ENOSPC))
    with pytest.raises(ArtifactError, match="cannot be written"):
        write_tensors(PATH, {"a": torch.zeros(2)})
    assert PATH.read_bytes() == before
