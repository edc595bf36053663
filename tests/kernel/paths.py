"""The paths that a recurrent layer may take on this processor, and how a test chooses one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import torch

from gru_sentiment.kernel.library import VARIABLE, Kernel, kernels

KERNELS: dict[str, Kernel] = {kernel.name: kernel for kernel in kernels()}
every_kernel = pytest.mark.parametrize("kernel", KERNELS)


@contextmanager
def using(path: str) -> Iterator[None]:
    """Layers take this path: the name of a kernel, or `none` for torch's operations."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, path)
        yield


@contextmanager
def on_threads(threads: int) -> Iterator[None]:
    """Torch, and so the layers, compute on so many threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)
