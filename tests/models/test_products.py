"""Products with a prepared weight."""

from __future__ import annotations

import pytest
import torch

from gru_sentiment.models.products import prepare


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
    torch.testing.assert_close(prepare(weight)(x), x @ weight.T, rtol=1e-5, atol=1e-5)


def test_without_onednn(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fallback that other builds of torch take gives the same."""
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    weight, x = torch.randn(6, 4), torch.randn(3, 4)
    assert torch.equal(prepare(weight)(x), torch.mm(x, weight.T))
