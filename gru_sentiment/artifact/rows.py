"""A matrix as a file holds it, of which rows are taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gru_sentiment.arrays import Integers, Singles


@dataclass(frozen=True)
class Rows:
    """A matrix that stays as a file holds it; rows become float32 when they are taken."""

    stored: NDArray[Any]
    """Whole numbers in 8 bits, float16 or float32, shape (rows, columns)."""
    scales: Singles | None = None
    """What whole numbers are multiplied by, shape (rows,)."""

    def take(self, rows: Integers | slice) -> Singles:
        """Some rows, shape (taken, columns)."""
        taken: Singles = self.stored[rows].astype(np.float32, copy=False)
        return taken if self.scales is None else taken * self.scales[rows, None]
