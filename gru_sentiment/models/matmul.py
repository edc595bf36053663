"""Matrix products in the precision that autocast asks for: float32, or bfloat16."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def matmul_dtype(x: Tensor) -> torch.dtype:
    """The type that matrix products with `x` are computed in: autocast's where it is on, else x's.

    A custom autograd function asks in its forward pass: autocast is off in the backward pass.
    """
    kind = x.device.type
    return torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else x.dtype


def matmul_in(a: Tensor, b: Tensor, dtype: torch.dtype) -> Tensor:
    """a b, computed in `dtype` (sums in float32 at least) and returned in the type of a."""
    return torch.matmul(a.to(dtype), b.to(dtype)).to(a.dtype)


def prepare_weight(weight: Tensor, dtype: torch.dtype) -> Callable[[Tensor], Tensor]:
    """A function x -> x weight^T, x (rows, in) and weight (out, in), for use without autograd.

    A recurrent layer multiplies a few rows by the same weight at every step, and a plain product
    spends more time on rearranging the weight than on multiplying. oneDNN can rearrange it once
    (what torch's inductor does with frozen weights): 2 to 4 times faster at 64 rows, measured.
    Elsewhere (other precisions, CPUs without AVX-512 for bfloat16, builds without oneDNN) it is the
    plain product. The product is computed in `dtype` and given in the type of x.
    """
    weight = weight.to(dtype)
    if not _rearranges(dtype):
        return lambda x: matmul_in(x, weight.T, dtype)
    packed = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous())
    linear = torch.ops.mkldnn._linear_pointwise
    return lambda x: linear(x.to(dtype), packed, None, "none", [], "").to(x.dtype)


def _rearranges(dtype: torch.dtype) -> bool:
    """Whether oneDNN is there and keeps a rearranged weight of this type on this CPU."""
    if not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return False
    if dtype == torch.bfloat16:
        return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    return dtype == torch.float32
