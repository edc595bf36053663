"""Arrays in a run's safetensors file, read with numpy. No torch."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from gru_sentiment.arrays import Singles
from gru_sentiment.artifact.files import AGAIN
from gru_sentiment.artifact.rows import Rows
from gru_sentiment.errors import ArtifactError

SCALES = ".scales"
"""After the name of a compact matrix: the name of its scales, one a row."""
DTYPES = {
    "F64": "float64",
    "F32": "float32",
    "F16": "float16",
    "BF16": "bfloat16",
    "I64": "int64",
    "I32": "int32",
    "I16": "int16",
    "I8": "int8",
    "U8": "uint8",
    "BOOL": "bool",
}
"""The names of types in a file, and elsewhere."""
ROWS_AT_A_TIME = 1 << 12
"""Rows of a matrix that are looked through at once; bounds the memory."""


@dataclass(frozen=True)
class StoredArray:
    """Where an array lies in a file."""

    path: Path
    name: str
    dtype: str
    shape: list[int]
    begin: int
    """Its first byte."""

    def read(self, dtype: str) -> NDArray[Any]:
        """The array.

        Raises:
            ArtifactError: its numbers are of another type, or cannot be read.
        """
        if self.dtype != dtype:
            raise ArtifactError(f"{self.path}: {self.name} holds {self.dtype}, expected {dtype}")
        n = math.prod(self.shape)
        try:
            found = np.fromfile(self.path, np.dtype(dtype).newbyteorder("<"), n, offset=self.begin)
        except (OSError, ValueError, OverflowError) as error:
            raise _unreadable(self.path, error) from error
        if len(found) != n:
            raise _unreadable(self.path, "it ends within an array")
        return found.astype(dtype, copy=False).reshape(self.shape)


StoredArrays = Mapping[str, StoredArray]
"""By name."""


def stored_arrays(path: Path) -> dict[str, StoredArray]:
    """The arrays of a file, before any of them is read.

    Raises:
        ArtifactError: it is not a safetensors file.
    """
    try:
        with safe_open(path, "np"), path.open("rb") as file:  # it checks the whole header
            length = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(length))
    except (SafetensorError, OSError, ValueError) as error:
        raise _unreadable(path, error) from error
    return {
        name: StoredArray(
            path,
            name,
            DTYPES.get(found["dtype"], found["dtype"]),
            found["shape"],
            8 + length + found["data_offsets"][0],
        )
        for name, found in header.items()
        if name != "__metadata__"
    }


def read_array(arrays: StoredArrays, name: str, dtype: str = "float32") -> NDArray[Any]:
    """An array of finite numbers.

    Raises:
        ArtifactError: it is of another type, or holds a number that is not finite.
    """
    stored = arrays[name]
    found = stored.read(dtype)
    _check_finite(stored, found)
    return found


def read_rows(arrays: StoredArrays, name: str) -> Rows:
    """A matrix, compact or not.

    Raises:
        ArtifactError: as for `read_array`, or a compact matrix has no fitting scales.
    """
    stored, scales = arrays[name], arrays.get(name + SCALES)
    if stored.dtype != "int8":
        return Rows(read_array(arrays, name, "float16" if stored.dtype == "float16" else "float32"))
    if scales is None or scales.shape != stored.shape[:1] or scales.dtype != "float16":
        raise ArtifactError(f"{stored.path}: {name} has no fitting scales", hint=AGAIN)
    factors = scales.read("float16").astype(np.float32)
    _check_finite(stored, factors)
    return Rows(stored.read("int8"), factors)


def read_weights(arrays: StoredArrays, name: str) -> Singles:
    """A matrix or vector, compact or not, in 32 bits.

    Raises:
        ArtifactError: as for `read_rows`.
    """
    return read_rows(arrays, name).take(slice(None))


def shapes_of_stored(arrays: StoredArrays) -> dict[str, list[int]]:
    """The shapes of weights, by name."""
    return {name: arrays[name].shape for name in matrices(arrays)}


def matrices(names: Iterable[str]) -> list[str]:
    """The names of weights, without those of scales."""
    return [name for name in names if not name.endswith(SCALES)]


def check_shapes(
    path: Path, expected: Mapping[str, list[int]], found: Mapping[str, list[int]], *, hint: str
) -> None:
    """Whether a file's tensors are those of a model, neither fewer nor more.

    Raises:
        ArtifactError: they are not.
    """
    names = sorted(expected.keys() | found.keys())
    wrong = [name for name in names if expected.get(name) != found.get(name)]
    if wrong:
        raise ArtifactError(
            f"{path}: {wrong[0]} has shape {found.get(wrong[0], 'none')}, the config asks for "
            f"{expected.get(wrong[0], 'none')} ({len(wrong)} such tensors)",
            hint=hint,
        )


def _check_finite(stored: StoredArray, numbers: NDArray[Any]) -> None:
    for start in range(0, len(numbers) if numbers.dtype.kind == "f" else 0, ROWS_AT_A_TIME):
        if not np.isfinite(numbers[start : start + ROWS_AT_A_TIME]).all():
            raise ArtifactError(
                f"{stored.path}: {stored.name} holds numbers that are not finite", hint=AGAIN
            )


def _unreadable(path: Path, why: object) -> ArtifactError:
    return ArtifactError(f"{path}: not readable weights: {why}", hint=AGAIN)
