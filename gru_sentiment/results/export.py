"""A run in a form that other programs read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Export:
    """The folder of an export, and how its predictions compare with those of the run."""

    run: str
    folder: str
    model_bytes: int
    """Of the files that hold the model's numbers."""
    texts: int
    """How many were predicted by both."""
    on: str
    """Which texts these were."""
    difference: float
    """The largest between probabilities of a class."""
    changed: int
    """Texts that are predicted to be of another class."""
