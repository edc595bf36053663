"""A case: texts, and whether the answers to them are what was expected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from gru_sentiment.results.predictions import Label, Prediction

Expectation = Literal["label", "pair", "same"]


LEAST_DIFFERENCE = 1e-5
"""Between two probabilities: less is rounding, which may differ with the texts beside them."""


@dataclass(frozen=True)
class Case:
    """One expectation of the answers to some texts."""

    expect: Expectation
    """`label`: every text is given `label`; `pair`: the first text is given more of `label` than
    the second; `same`: all texts are given the same class."""
    texts: tuple[str, ...]
    label: Label | None = None
    """None for `same`."""

    def holds(self, answers: Sequence[Prediction]) -> bool:
        """Whether the answers to the texts, in order, are as expected."""
        if self.expect == "label":
            return all(str(answer.label) == str(self.label) for answer in answers)
        if self.expect == "same":
            return len({answer.label for answer in answers}) == 1
        first, second = (answer.probabilities[str(self.label)] for answer in answers)
        return first - second > LEAST_DIFFERENCE

    @property
    def expected(self) -> str:
        """The expectation in words."""
        if self.expect == "label":
            return str(self.label)
        return "the same class" if self.expect == "same" else f"more {self.label} first"


@dataclass(frozen=True)
class Suite:
    """Cases that look at one side of a model's behaviour."""

    name: str
    classes: tuple[Label, ...]
    """What a model must tell apart to be looked at."""
    cases: tuple[Case, ...]
