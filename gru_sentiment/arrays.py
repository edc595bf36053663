"""The types of numpy arrays, once. The shape of each stands in the docstring of what has it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
"""Rows, class indices, counts, hashes."""
Ids = NDArray[np.int32]
"""Token ids."""
Floats = NDArray[np.float64]
"""Probabilities and scores."""
Singles = NDArray[np.float32]
"""Word vectors and weights."""
Booleans = NDArray[np.bool_]
"""One flag a row."""

NO_LABEL = -100
"""Class index of a text whose class is not known; torch's cross-entropy leaves it out."""
