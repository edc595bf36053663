"""Randomness and threads."""

from __future__ import annotations

import os
import platform
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gru_sentiment.machine import torch_setup as seeding
from gru_sentiment.machine.torch_setup import (
    _is_amd,
    gains_from_bfloat16,
    multiplies_bfloat16,
    multiply_with_onednn,
    refuse_randomness,
    seed_everything,
    set_up_torch,
)

SWITCHES: list[Any] = [torch.backends.cudnn.rnn, torch.backends.cuda.matmul]
"""Who multiplies float32 on CUDA, and how exactly."""


@pytest.fixture(autouse=True)
def _leave_no_trace() -> Iterator[None]:
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    threads = torch.get_num_threads()
    products = torch.backends.mkldnn.matmul.fp32_precision
    on_cuda = [switch.fp32_precision for switch in SWITCHES]
    yield
    for switch, precision in zip(SWITCHES, on_cuda, strict=True):
        switch.fp32_precision = precision
    torch.backends.mkldnn.matmul.fp32_precision = products
    random.setstate(states[0])
    np.random.set_state(states[1])
    torch.set_rng_state(states[2])
    torch.set_num_threads(threads)


def draw() -> tuple[float, float, float]:
    return random.random(), float(np.random.random()), torch.rand(()).item()


@pytest.mark.parametrize("seed", [0, 1, 2**32 - 1, 2**40])
def test_the_same_seed_gives_the_same_numbers(seed: int) -> None:
    seed_everything(seed)
    first = draw()
    assert all(a != b for a, b in zip(first, draw(), strict=True))
    seed_everything(seed)
    assert draw() == first


def test_another_seed_gives_other_numbers() -> None:
    seed_everything(0)
    first = draw()
    seed_everything(1)
    assert all(a != b for a, b in zip(first, draw(), strict=True))


def test_threads() -> None:
    assert set_up_torch(2) == torch.get_num_threads() == 2
    assert set_up_torch(None) == 2
    assert set_up_torch(1) == torch.get_num_threads() == 1


@pytest.mark.parametrize("before", ["none", "tf32"])
def test_float32_is_float32_on_cuda_too(before: str) -> None:
    """TensorFloat-32 is cuDNN's default; "ieee" is full precision."""
    for switch in SWITCHES:
        switch.fp32_precision = before
    set_up_torch(None)
    # what torch's kernels ask
    assert torch._C._get_fp32_precision_getter("cuda", "rnn") == "ieee"
    assert torch._C._get_fp32_precision_getter("cuda", "matmul") == "ieee"
    assert not torch.backends.cuda.matmul.allow_tf32


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
def test_recurrent_layers_on_cuda_keep_all_digits() -> None:
    """TensorFloat-32 would be off by 1e-3 or so."""
    set_up_torch(None)
    torch.manual_seed(0)
    layer, texts = torch.nn.GRU(256, 256), torch.randn(20, 8, 256)
    exact, _ = layer.double()(texts.double())
    found, _ = layer.float().cuda()(texts.cuda())
    assert (found.cpu() - exact).abs().max() < 1e-5


def test_what_is_not_deterministic_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    before = torch.backends.cudnn.benchmark
    try:
        refuse_randomness()
        assert torch.are_deterministic_algorithms_enabled()
        assert not torch.backends.cudnn.benchmark
        assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"
    finally:
        torch.use_deterministic_algorithms(False)
        torch.backends.cudnn.benchmark = before


def test_products_stay_as_exact_as_float32_is() -> None:
    torch.manual_seed(0)
    a, b = torch.randn(300, 200), torch.randn(200, 400)
    exact = a.double() @ b.double()
    multiply_with_onednn()
    assert ((a @ b) - exact).abs().max() < 1e-4  # bfloat16 would be off by 0.1


@pytest.mark.parametrize(("onednn", "instructions"), [(False, True), (True, False), (True, True)])
def test_bfloat16_takes_onednn_and_a_cpu_that_has_it(
    monkeypatch: pytest.MonkeyPatch, onednn: bool, instructions: bool
) -> None:
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: onednn)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: instructions)
    assert multiplies_bfloat16() == (onednn and instructions)


@pytest.mark.parametrize(
    ("able", "amx", "amd", "expected"),
    [
        (True, False, True, True),
        (True, True, False, True),
        (True, False, False, False),
        (False, False, True, False),
    ],
)
def test_bfloat16_gains_where_its_rate_is_higher(
    monkeypatch: pytest.MonkeyPatch, able: bool, amx: bool, amd: bool, expected: bool
) -> None:
    monkeypatch.setattr(seeding, "multiplies_bfloat16", lambda: able)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: amx)
    monkeypatch.setattr(seeding, "_is_amd", lambda: amd)
    assert gains_from_bfloat16() == expected


@pytest.mark.parametrize(("vendor", "expected"), [("AuthenticAMD", True), ("GenuineIntel", False)])
def test_who_made_the_cpu(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, vendor: str, expected: bool
) -> None:
    about = tmp_path / "cpuinfo"
    about.write_text(f"processor\t: 0\nvendor_id\t: {vendor}\n", "utf-8")
    assert _is_amd(about) == expected
    monkeypatch.setattr(platform, "processor", lambda: f"AMD64 Family 25, {vendor}")
    assert _is_amd(tmp_path / "missing") == expected
