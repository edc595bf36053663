"""When training ends, and which evaluation was the best."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from gru_sentiment.errors import DataError


class Stopping:
    """Follows one validation score; says whether the newest is the best and whether to go on.

    `monitor` is a score's name behind a sign: + more is better, - less. Ties go to the earliest.
    """

    def __init__(
        self,
        monitor: str = "-loss",
        *,
        patience: int | None = None,
        stop_at_loss: float | None = None,
        max_minutes: float | None = None,
    ) -> None:
        self.sign = {"+": 1.0, "-": -1.0}[monitor[0]]
        self.score = monitor[1:]
        self.patience = patience
        self.stop_at_loss = stop_at_loss
        self.max_minutes = max_minutes
        self.best = float("-inf")
        self.since_best = 0

    def state_dict(self) -> dict[str, Any]:
        """JSON values from which `load_state_dict` goes on."""
        # before the first evaluation the best is minus infinity, which JSON lacks
        return {
            "best": self.best if math.isfinite(self.best) else None,
            "since_best": self.since_best,
        }

    def load_state_dict(self, values: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave."""
        best = values["best"]
        self.best = float("-inf") if best is None else best
        self.since_best = values["since_best"]

    def is_best(self, scores: Mapping[str, float]) -> bool:
        """Take note of an evaluation; true if it is better than all before."""
        if self.score not in scores:
            raise DataError(
                f"training.monitor: no {self.score} on the validation part, which lacks a class",
                hint=f"monitor one of {', '.join(scores)}, or add validation rows of every class",
            )
        value = self.sign * scores[self.score]
        if value > self.best:
            self.best, self.since_best = value, 0
            return True
        self.since_best += 1
        return False

    def reason(self, scores: Mapping[str, float], elapsed_s: float) -> str | None:
        """Why to stop after this evaluation, or None to go on."""
        if self.stop_at_loss is not None and scores["loss"] <= self.stop_at_loss:
            return f"validation loss {scores['loss']:.4f} reached {self.stop_at_loss}"
        if self.patience is not None and self.since_best >= self.patience:
            return f"no better {self.score} for {self.since_best} evaluation(s)"
        if self.max_minutes is not None and elapsed_s >= 60 * self.max_minutes:
            return f"the budget of {self.max_minutes:g} minutes ended"
        return None
