"""The compiled kernels of this processor, through ctypes. It needs no torch.

`pip install` compiles `recurrence.c` and its neighbours where there is a C compiler. Without one
there are no kernels, and the layers of `gru_sentiment/models/` compute with torch alone.
"""

from __future__ import annotations

import ctypes
import os
from ctypes import CFUNCTYPE, POINTER, Structure, c_char_p, c_int64, c_void_p
from dataclasses import dataclass
from functools import cache
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import numpy as np

from gru_sentiment.arrays import Integers, Singles
from gru_sentiment.errors import ConfigError

VARIABLE = "GRU_SENT_KERNEL"
"""Environment variable: the name of the kernel to use, or `none`."""


class Pass(Structure):
    """One direction of a layer and the texts of one lane; `pass.h` says what each field is."""

    _fields_ = (
        *((name, c_int64) for name in ("cell", "input", "hidden", "steps", "reverse")),
        *((name, c_int64) for name in ("lane", "lanes", "store")),
        *((name, c_void_p) for name in ("sizes", "starts", "w", "u", "x")),
        ("x_stride", c_int64),
        *((name, c_void_p) for name in ("h0", "c0", "out")),
        ("out_stride", c_int64),
        ("gates", c_void_p),
        ("gates_stride", c_int64),
        ("inner", c_void_p),
        ("inner_stride", c_int64),
        ("cells", c_void_p),
        ("cells_stride", c_int64),
        *((name, c_void_p) for name in ("bias", "bias_n", "c", "d_out")),
        ("d_out_stride", c_int64),
        *((name, c_void_p) for name in ("d_h", "d_c", "d_x")),
        ("d_x_stride", c_int64),
        *((name, c_void_p) for name in ("d_w", "d_u", "d_bias", "scratch")),
    )

    memory: object
    """What the addresses lead to. It lives as long as the pass: where Ctrl-C ends the thread that
    made the pass, others may still compute."""


class _Functions(Structure):
    """`Kernel` of pass.h."""

    _fields_ = (
        ("name", c_char_p),
        ("width", c_int64),
        ("pack", CFUNCTYPE(None, c_void_p, c_int64, c_int64, c_int64, c_int64, c_void_p)),
        ("forward", CFUNCTYPE(None, POINTER(Pass))),
        ("backward", CFUNCTYPE(None, POINTER(Pass))),
        ("scratch_of", CFUNCTYPE(c_int64, c_int64, c_int64, c_int64)),
    )


@dataclass(frozen=True)
class Kernel:
    """The passes of a recurrent layer for one instruction set. Calls leave Python's lock free."""

    name: str
    width: int
    """Numbers in a vector."""
    functions: _Functions

    def pack(self, weights: Singles, gates: int, *, back: bool) -> Singles:
        """Weights (gates x hidden, columns) in the order in which a pass reads them."""
        rows, columns = weights.shape
        groups, width, depth = (1, columns, rows) if back else (gates, rows // gates, columns)
        padded = -(-width // self.width) * self.width
        panels = np.empty(groups * padded * depth, np.float32)
        self.functions.pack(address(weights), groups, width, depth, back, address(panels))
        return panels

    def scratch(self, cell: int, input_size: int, hidden: int) -> int:
        """Numbers that a backward pass writes down for itself, for each lane."""
        return int(self.functions.scratch_of(cell, input_size, hidden))


@cache
def kernels() -> tuple[Kernel, ...]:
    """Those that this processor can run, the fastest first; none if there is no library."""
    path = next(filter(Path.exists, map(library_path, EXTENSION_SUFFIXES)), None)
    return () if path is None else load(path)


def library_path(suffix: str) -> Path:
    """Where the installation puts the compiled library."""
    return Path(__file__).with_name(f"_recurrence{suffix}")


def load(path: Path) -> tuple[Kernel, ...]:
    """The kernels of a compiled library.

    Raises:
        OSError: it is not a library of this system.
    """
    library = ctypes.CDLL(str(path))
    library.bytes_of_pass.restype = c_int64
    if library.bytes_of_pass() != ctypes.sizeof(Pass):
        return ()  # compiled from other sources, such as an older checkout
    library.kernel_at.restype = POINTER(_Functions)
    library.kernel_at.argtypes = [c_int64]
    found: list[Kernel] = []
    while functions := library.kernel_at(len(found)):
        content = functions.contents
        found.append(Kernel(content.name.decode(), content.width, content))
    return tuple(found)


def kernel() -> Kernel | None:
    """The kernel to use: the fastest one, or what $GRU_SENT_KERNEL names.

    Raises:
        ConfigError: $GRU_SENT_KERNEL names none that is here.
    """
    wanted = os.environ.get(VARIABLE)
    if not wanted:
        return next(iter(kernels()), None)
    if wanted == "none":
        return None
    by_name = {each.name: each for each in kernels()}
    if wanted not in by_name:
        raise ConfigError(
            f"{VARIABLE}={wanted}: there is no such kernel here",
            hint=f"use one of {', '.join([*by_name, 'none'])}, or leave it unset",
        )
    return by_name[wanted]


def address(array: Singles | Integers | None) -> int | None:
    """Where the first number lies; None is NULL in C."""
    return None if array is None else int(array.ctypes.data)
