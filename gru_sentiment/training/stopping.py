"""When training ends, and which evaluation was the best."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from gru_sentiment.errors import DataError

LAST = "last"
"""Keeps the newest evaluation, for validation splits on which a best one is chosen by chance."""


class Stopping:
    """Follows one validation score; judges whether the newest is the best and whether to stop.

    `monitor` is a score's name behind a sign: + more is better, - less. Ties go to the earliest.
    `last` takes the newest evaluation as the best, and goes by the loss in all else.
    The reason to stop is never stored: it follows from the rules and what was seen so far, so
    that a training that is resumed with other rules is judged by those.
    """

    def __init__(
        self,
        monitor: str = "-loss",
        *,
        patience: int | None = None,
        stop_at_loss: float | None = None,
        max_minutes: float | None = None,
    ) -> None:
        self.keep_last = monitor == LAST
        followed = "-loss" if self.keep_last else monitor
        self.sign = {"+": 1.0, "-": -1.0}[followed[0]]
        self.score = followed[1:]
        self.patience = patience
        self.stop_at_loss = stop_at_loss
        self.max_minutes = max_minutes
        self.best = float("-inf")
        self.since_best = 0
        self.loss: float | None = None
        """Of the newest evaluation."""

    def state_dict(self) -> dict[str, Any]:
        """JSON values from which `load_state_dict` restores the rules."""
        # before the first evaluation the best is minus infinity, which JSON lacks
        return {
            "best": self.best if math.isfinite(self.best) else None,
            "since_best": self.since_best,
            "loss": self.loss,
        }

    def load_state_dict(self, values: Mapping[str, Any]) -> None:
        """Continue from what `state_dict` gave.

        An earlier version did not store the loss. Where the loss is monitored and the newest
        evaluation is the best, as in every training that `stop_at_loss` ended, it is the best one.
        Elsewhere it is not known, and `stop_at_loss` waits for the next evaluation.
        """
        best = values["best"]
        self.best = float("-inf") if best is None else best
        self.since_best = values["since_best"]
        is_best_loss = self.score == "loss" and best is not None and not self.since_best
        self.loss = values.get("loss", self.sign * self.best if is_best_loss else None)

    def is_best(self, scores: Mapping[str, float]) -> bool:
        """Take note of an evaluation; true if it is better than all before, or is to be kept."""
        if self.score not in scores:
            raise DataError(
                f"training.monitor: no {self.score} on the validation split: "
                "all rows are of one class",
                hint=f"monitor one of {', '.join(scores)}, or add validation rows of another class",
            )
        self.loss = scores["loss"]
        value = self.sign * scores[self.score]
        if value > self.best:
            self.best, self.since_best = value, 0
            return True
        self.since_best += 1
        return self.keep_last

    def reason(self, elapsed_s: float) -> str | None:
        """Why to stop after the newest evaluation; None to continue."""
        threshold, loss = self.stop_at_loss, self.loss
        if threshold is not None and loss is not None and loss <= threshold:
            return f"validation loss {loss:.4f} reached {threshold}"
        if self.patience is not None and self.since_best >= self.patience:
            return f"no better {self.score} for {self.since_best} evaluation(s)"
        if self.max_minutes is not None and elapsed_s >= 60 * self.max_minutes:
            return f"the budget of {self.max_minutes:g} minutes ended"
        return None
