"""Tensors come back as they were, and a file that cannot be written is left as it was."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from safetensors.torch import load_file

from gru_sentiment.artifact.files import SOFT_LABELS
from gru_sentiment.artifact.manifest import digest
from gru_sentiment.artifact.tensors import (
    PROBABILITIES,
    compact,
    expand,
    read_soft_labels,
    save_soft_labels,
    write_tensors,
)
from gru_sentiment.artifact.weights import SCALES
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


@example(1, 3, 2, -2.875)
@given(st.integers(0, 2**32 - 1), st.integers(1, 9), st.integers(1, 9), st.floats(-6, 3))
def test_compact_weights_are_near(seed: int, rows: int, columns: int, size: float) -> None:
    generator = torch.Generator().manual_seed(seed)
    table = torch.randn(rows, columns, generator=generator) * 10**size
    table[0] = 0  # as that of padding
    weights = {"table": table, "bias": torch.randn(columns, generator=generator)}
    stored = compact(weights, "table")
    assert stored["table"].dtype == torch.int8
    found = expand(PATH, stored)
    assert found.keys() == weights.keys()
    assert not found["table"][0].any()
    assert_rounded(weights, found)
    again = expand(PATH, compact(found, "table"))
    assert_rounded(found, again)
    assert torch.equal(again["bias"], found["bias"])


def assert_rounded(exact: dict[str, torch.Tensor], found: dict[str, torch.Tensor]) -> None:
    """Half a step apart, of a scale that 16 bits may have rounded: by 2^-11, or 2^-25 near zero."""
    scales = exact["table"].abs().amax(1, keepdim=True) / 127
    bound = scales * (0.5 + 127 * 2**-11) + 127 * 2**-25
    assert ((found["table"] - exact["table"]).abs() <= bound).all()
    assert ((found["bias"] - exact["bias"]).abs() <= exact["bias"].abs() * 2**-11 + 2**-25).all()


def test_weights_that_are_not_compact_stay_as_they_are() -> None:
    weights = {"a": torch.randn(3, 2), "b": torch.arange(3, dtype=torch.int32)}
    found = expand(PATH, weights)
    assert all(torch.equal(found[name], weights[name]) for name in weights)


@pytest.mark.parametrize(
    "scales", [None, torch.ones(2).half(), torch.ones(3), torch.ones(3, 1).half()]
)
def test_a_compact_matrix_without_its_scales(scales: torch.Tensor | None) -> None:
    stored = compact({"table": torch.ones(3, 2)}, "table")
    del stored["table" + SCALES]
    if scales is not None:
        stored["table" + SCALES] = scales
    with pytest.raises(ArtifactError, match="table has no fitting scales"):
        expand(PATH, stored)
