"""Cases: texts, and what is expected of the predictions for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from gru_sentiment.results.predictions import Label, Prediction

Expectation = Literal["label", "pair", "same"]
LEAST_DIFFERENCE = 1e-5
"""Between two probabilities: less is rounding, which depends on the other texts of a batch."""


@dataclass(frozen=True)
class Case:
    """One expectation of the predictions for some texts."""

    expect: Expectation
    """`label`: `label` is predicted for every text; `pair`: the first text has a higher probability
    of `label` than the second; `same`: the same class is predicted for all texts."""
    texts: tuple[str, ...]
    label: Label | None = None
    """None for `same`."""

    def holds(self, predictions: Sequence[Prediction]) -> bool:
        """Whether the predictions for the texts, in order, are as expected."""
        if self.expect == "label":
            return all(str(p.label) == str(self.label) for p in predictions)
        if self.expect == "same":
            return len({p.label for p in predictions}) == 1
        first, second = (p.probabilities[str(self.label)] for p in predictions)
        return first - second > LEAST_DIFFERENCE

    @property
    def expected(self) -> str:
        """The expectation in words."""
        if self.expect == "label":
            return str(self.label)
        return "the same class" if self.expect == "same" else f"more {self.label} first"


@dataclass(frozen=True)
class Suite:
    """Cases that test one kind of behaviour."""

    name: str
    classes: tuple[Label, ...]
    """The classes that a model must have to be tested."""
    cases: tuple[Case, ...]
