"""A teacher's answers come back as they were, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from gru_sentiment.artifact.files import SOFT_LABELS
from gru_sentiment.artifact.manifest import digest
from gru_sentiment.artifact.tensors import (
    PROBABILITIES,
    read_soft_labels,
    save_soft_labels,
    write_tensors,
)

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
