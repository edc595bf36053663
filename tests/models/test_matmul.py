"""Products with a prepared weight."""

from __future__ import annotations

import pytest
import torch

from gru_sentiment.models.matmul import matmul_dtype, matmul_in, prepare_weight


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(
    ("rows", "n_in", "n_out"), [(1, 1, 1), (1, 7, 3), (64, 32, 96), (5, 96, 32)]
)
@pytest.mark.parametrize("transposed", [False, True])
def test_equals_the_plain_product(
    dtype: torch.dtype, rows: int, n_in: int, n_out: int, transposed: bool
) -> None:
    generator = torch.Generator().manual_seed(0)
    weight = torch.randn(n_out, n_in, generator=generator, dtype=dtype)
    if transposed:  # a view, as the backward pass gives
        weight = weight.T.contiguous().T
    x = torch.randn(rows, n_in, generator=generator, dtype=dtype)
    torch.testing.assert_close(prepare_weight(weight, dtype)(x), x @ weight.T, rtol=1e-5, atol=1e-5)


def test_bfloat16_is_for_the_product_alone() -> None:
    """Both factors are rounded to 8 bits, and the result is one of the type of x."""
    weight, x = torch.randn(96, 32), torch.randn(64, 32)
    expected = (x.bfloat16().double() @ weight.bfloat16().double().T).float()
    for product in (
        prepare_weight(weight, torch.bfloat16)(x),
        matmul_in(x, weight.T, torch.bfloat16),
    ):
        assert product.dtype == torch.float32
        torch.testing.assert_close(product, expected, rtol=2**-8, atol=1e-5)


def test_autocast_says_what_products_are_computed_in() -> None:
    x = torch.zeros(1)
    assert matmul_dtype(x) == torch.float32
    assert matmul_dtype(x.double()) == torch.float64
    with torch.autocast("cpu", torch.bfloat16):
        assert matmul_dtype(x) == torch.bfloat16
        with torch.autocast("cpu", enabled=False):
            assert matmul_dtype(x) == torch.float32


def test_without_onednn(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fallback that other builds of torch take gives the same."""
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    weight, x = torch.randn(6, 4), torch.randn(3, 4)
    assert torch.equal(prepare_weight(weight, torch.float32)(x), torch.mm(x, weight.T))
    rounded = torch.mm(x.bfloat16(), weight.bfloat16().T).float()
    assert torch.equal(prepare_weight(weight, torch.bfloat16)(x), rounded)
