"""Tensors come back as they were, and a file that cannot be written is left as it was."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from gru_sentiment.artifact.files import SOFT_LABELS
from gru_sentiment.artifact.manifest import digest
from gru_sentiment.artifact.tensors import (
    PROBABILITIES,
    read_soft_labels,
    save_soft_labels,
    write_tensors,
)
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


ANSWERS = torch.rand(7, 2)


def test_they_come_back_to_the_last_bit(tmp_path: Path) -> None:
    known = save_soft_labels(tmp_path, ANSWERS)
    found = read_soft_labels(tmp_path, known)
    assert found is not None
    assert torch.equal(found, ANSWERS)
    assert save_soft_labels(tmp_path, ANSWERS) == known
    assert save_soft_labels(tmp_path, ANSWERS + 1) != known
    assert read_soft_labels(tmp_path, known) is None


@pytest.mark.parametrize("how", ["flipped", "cut", "gone"])
def test_what_is_not_what_was_saved_is_not_read(how: str, tmp_path: Path) -> None:
    known = save_soft_labels(tmp_path, ANSWERS)
    path = tmp_path / SOFT_LABELS
    content = path.read_bytes()
    path.unlink()
    if how != "gone":
        path.write_bytes(content[:-1] + (b"x" if how == "flipped" else b""))
    assert read_soft_labels(tmp_path, known) is None


@pytest.mark.parametrize(
    "tensors", [{"other": ANSWERS}, {PROBABILITIES: ANSWERS.double()}, {PROBABILITIES: ANSWERS[0]}]
)
def test_a_file_that_fits_its_digest_and_holds_something_else(
    tensors: dict[str, torch.Tensor], tmp_path: Path
) -> None:
    write_tensors(tmp_path / SOFT_LABELS, tensors)
    assert read_soft_labels(tmp_path, digest(tmp_path / SOFT_LABELS)) is None


def test_a_file_of_another_kind(tmp_path: Path) -> None:
    (tmp_path / SOFT_LABELS).write_bytes(b"not tensors")
    assert read_soft_labels(tmp_path, digest(tmp_path / SOFT_LABELS)) is None
