"""The probability of not being of a class."""

from __future__ import annotations

import numpy as np

from gru_sentiment.arrays import Floats


def log_complement(log_probabilities: Floats) -> Floats:
    """log(1 - p) from log p, exact where p is close to 0 or 1 too (Mächler 2012)."""
    with np.errstate(divide="ignore"):
        complement: Floats = np.where(
            log_probabilities > -np.log(2),
            np.log(-np.expm1(log_probabilities)),
            np.log1p(-np.exp(log_probabilities)),
        )
    return complement
