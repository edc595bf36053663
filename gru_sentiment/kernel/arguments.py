"""Arrays as a pass is given them: an address for each direction, after a check (C has none)."""

from __future__ import annotations

import numpy as np

from gru_sentiment.arrays import Singles
from gru_sentiment.kernel.library import address


class Arguments:
    """Fields of `Pass` by direction. They hold addresses; `arrays` is what these lead to.

    Every method raises ValueError if an array has another shape, another type or gaps.
    """

    def __init__(self, directions: int, tokens: int) -> None:
        self._tokens = tokens
        self.arrays: list[Singles] = []
        self.of_direction: list[dict[str, int | None]] = [{} for _ in range(directions)]

    def add(self, name: str, array: Singles | None, *shape: int) -> Arguments:
        """An array whose first axis are the directions."""
        return self._add(name, list(check(name, array, shape)))

    def add_tokens(self, name: str, array: Singles | None, width: int) -> Arguments:
        """An array (tokens, directions, width)."""
        directions = len(self.of_direction)
        checked = check(name, array, (self._tokens, directions, width))
        self.stride(name, directions * width)
        return self._add(name, [checked[:, d] for d in range(directions)])

    def share(self, name: str, array: Singles) -> Arguments:
        """An array that all directions read."""
        return self._add(name, [array] * len(self.of_direction))

    def stride(self, name: str, numbers: int) -> Arguments:
        """The numbers from one row of an array to the next."""
        return self.number(f"{name}_stride", numbers)

    def number(self, name: str, value: int) -> Arguments:
        """A number, the same for all directions."""
        for fields in self.of_direction:
            fields[name] = value
        return self

    def _add(self, name: str, arrays: list[Singles]) -> Arguments:
        for fields, array in zip(self.of_direction, arrays, strict=True):
            fields[name] = address(array)
            self.arrays.append(array)
        return self


def check(name: str, array: Singles | None, shape: tuple[int, ...]) -> Singles:
    """The array, if it has this shape, numbers of float32 and no gaps.

    Raises:
        ValueError: it has not.
    """
    if array is None or array.shape != shape:
        raise ValueError(f"{name}: {None if array is None else array.shape} is not {shape}")
    if array.dtype != np.float32 or not (array.flags.c_contiguous and array.flags.aligned):
        raise ValueError(f"{name} must be aligned float32 without gaps, not {array.dtype}")
    return array
