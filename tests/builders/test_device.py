"""The device and the precision of its matrix products."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Literal

import pytest
import torch
from torch.nn.utils.rnn import pack_sequence

from gru_sentiment.builders import device as device_builder
from gru_sentiment.builders.device import build_device, build_matmul_precision, build_precision
from gru_sentiment.config.training import (
    TrainingConfig,
)
from gru_sentiment.errors import DeviceError

from .tiny import CPU, tiny_model


@pytest.mark.parametrize(
    ("wanted", "device", "able_and_gains", "expected"),
    [
        (False, "cpu", (True, True), "float32"),
        (True, "cpu", (True, True), "bfloat16"),
        (True, "cpu", (True, False), "bfloat16"),
        ("auto", "cpu", (True, True), "bfloat16"),
        ("auto", "cpu", (True, False), "float32"),
        ("auto", "cpu", (False, False), "float32"),
        (True, "cuda", (False, False), "bfloat16, recurrent layers float32"),
        ("auto", "cuda", (False, False), "bfloat16, recurrent layers float32"),
        (False, "cuda", (False, False), "float32"),
    ],
)
def test_mixed_precision_where_the_device_multiplies_so(
    monkeypatch: pytest.MonkeyPatch,
    wanted: bool | Literal["auto"],
    device: str,
    able_and_gains: tuple[bool, bool],
    expected: str,
) -> None:
    monkeypatch.setattr(device_builder, "multiplies_bfloat16", lambda: able_and_gains[0])
    monkeypatch.setattr(device_builder, "gains_from_bfloat16", lambda: able_and_gains[1])
    config = TrainingConfig(mixed_precision=wanted)
    assert build_matmul_precision(config, torch.device(device)) == expected
    assert (build_precision(config, torch.device(device)) is nullcontext) == (expected == "float32")


def test_mixed_precision_on_another_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device_builder, "multiplies_bfloat16", lambda: False)
    with pytest.raises(DeviceError) as caught:
        build_matmul_precision(TrainingConfig(mixed_precision=True), CPU)
    assert caught.value.cause == (
        "training.mixed_precision: this CPU has no instructions for bfloat16"
    )
    assert caught.value.hint == "set training.mixed_precision to auto or false, or train on CUDA"


def test_mixed_precision_is_for_products_and_not_for_logits() -> None:
    """On any CPU: one without the instructions multiplies bfloat16 slowly."""
    model, texts = tiny_model(), pack_sequence([torch.tensor([2, 3])])
    exact = model(texts)
    with torch.autocast("cpu", torch.bfloat16):
        logits = model(texts)
    assert logits.dtype == model.head.weight.dtype == torch.float32
    assert not torch.equal(logits, exact)
    torch.testing.assert_close(logits, exact, rtol=0.05, atol=0.01)


@pytest.mark.parametrize(
    ("name", "available", "expected"),
    [
        ("cpu", True, "cpu"),
        ("cpu", False, "cpu"),
        ("auto", True, "cuda"),
        ("auto", False, "cpu"),
        ("cuda", True, "cuda"),
    ],
)
def test_auto_takes_cuda_where_there_is_one(
    monkeypatch: pytest.MonkeyPatch, name: str, available: bool, expected: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: available)
    assert build_device(name) == torch.device(expected)


@pytest.mark.parametrize(
    ("version", "reason"), [(None, "this torch was built without CUDA"), ("12.8", "no GPU found")]
)
def test_cuda_without_cuda(
    monkeypatch: pytest.MonkeyPatch, version: str | None, reason: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.version, "cuda", version)
    with pytest.raises(DeviceError) as caught:
        build_device("cuda")
    assert caught.value.cause == f"--device cuda: {reason}"
    assert caught.value.hint.startswith("use --device cpu, or install a CUDA build of torch")


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
def test_mixed_precision_on_cuda() -> None:
    cuda = build_device("cuda")
    model = tiny_model().to(cuda)
    with build_precision(TrainingConfig(mixed_precision=True), cuda)():
        logits = model(pack_sequence([torch.tensor([2, 3])]).to(cuda))
    assert logits.dtype == torch.float32
    assert model.head.weight.dtype == torch.float32
