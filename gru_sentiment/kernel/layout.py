"""What the cells have, and where the tokens of a packed batch lie. No torch, no library."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gru_sentiment.arrays import Integers


@dataclass(frozen=True)
class Cell:
    """What a cell computes for each unit."""

    number: int
    """Its number in `pass.h`."""
    gates: int
    """Gates."""
    gradients: int
    """Gradients that a backward pass gives: those of the gates, and for a GRU one more, because its
    gate n has another one for U than for W."""
    has_inner: bool = False
    """Whether a bias stands behind a gate, as in a GRU."""
    has_cells: bool = False
    """Whether there is a cell beside the state, as in an LSTM."""


RNN_TANH = Cell(0, 1, 1)
RNN_RELU = Cell(1, 1, 1)
GRU = Cell(2, 3, 4, has_inner=True)
LSTM = Cell(3, 4, 4, has_cells=True)


@dataclass(frozen=True)
class Texts:
    """Where the tokens of a packed batch lie."""

    sizes: Integers
    """Texts that reach each step, shape (steps,); they never rise."""
    starts: Integers
    """The first token of each step, shape (steps,)."""

    @classmethod
    def of(cls, batch_sizes: Integers) -> Texts:
        """From the `batch_sizes` of a PackedSequence, shape (steps,).

        Raises:
            ValueError: they rise, or are not above zero.
        """
        sizes = np.array(batch_sizes, np.int64)  # a copy, which nobody else can change
        if not len(sizes) or sizes[-1] < 1 or (np.diff(sizes) > 0).any():
            raise ValueError("batch_sizes must be above zero and never rise")
        return cls(sizes, np.cumsum(sizes) - sizes)

    @property
    def batch(self) -> int:
        """Number of texts."""
        return int(self.sizes[0])

    @property
    def tokens(self) -> int:
        """Number of tokens."""
        return int(self.sizes.sum())

    @property
    def lengths(self) -> Integers:
        """Tokens of each text, shape (batch,)."""
        return np.searchsorted(-self.sizes, -np.arange(self.batch), side="left")

    @property
    def last(self) -> Integers:
        """The last token of each text, shape (batch,)."""
        last: Integers = self.starts[self.lengths - 1] + np.arange(self.batch)
        return last
