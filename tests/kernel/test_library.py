"""Which kernels there are, and which one is used."""

from __future__ import annotations

import ctypes
from pathlib import Path

import pytest
import torch
from torch.nn.utils.rnn import pack_sequence

from gru_sentiment.errors import ConfigError
from gru_sentiment.kernel import library
from gru_sentiment.kernel.library import VARIABLE, kernel, kernels
from gru_sentiment.models.recurrent import GRU, recurrent_path

needs_kernel = pytest.mark.skipif(not kernels(), reason="nothing was compiled here")


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)


@needs_kernel
def test_the_fastest_comes_first_and_is_used() -> None:
    widths = [each.width for each in kernels()]
    assert widths == sorted(widths, reverse=True)
    assert kernel() is kernels()[0]


@needs_kernel
def test_a_kernel_is_chosen_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    for each in kernels():
        monkeypatch.setenv(VARIABLE, each.name)
        assert kernel() is each
        assert recurrent_path("cpu", "float32") == f"compiled kernel ({each.name})"
    monkeypatch.setenv(VARIABLE, "none")
    assert kernel() is None


def test_an_unknown_kernel_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "mmx")
    with pytest.raises(ConfigError, match="GRU_SENT_KERNEL=mmx: there is no such kernel") as error:
        kernel()
    assert (
        error.value.hint == f"use one of {', '.join([*(k.name for k in kernels()), 'none'])}, "
        "or leave it unset"
    )


@needs_kernel
def test_a_library_of_other_sources_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as that of an older checkout, whose structures have other sizes."""
    path = next(filter(Path.exists, map(library.library_path, library.EXTENSION_SUFFIXES)))
    assert library.load(path)
    monkeypatch.setattr(library, "Pass", ctypes.c_int64)
    assert library.load(path) == ()


def test_without_a_library_torch_computes(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    layer, texts = GRU(3, 4), pack_sequence([torch.randn(5, 3), torch.randn(2, 3)])
    expected = layer(texts)[0].data
    monkeypatch.setattr(library, "kernels", lambda: ())
    torch.testing.assert_close(layer(texts)[0].data, expected)
    assert recurrent_path("cpu", "float32") == "operations of torch"


def test_other_precisions_and_devices_take_torchs_path() -> None:
    assert recurrent_path("cpu", "bfloat16") == "operations of torch"
    assert recurrent_path("cuda", "float32") == "torch's own (cuDNN)"
