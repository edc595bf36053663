"""Progress of a training: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from typing import Any, TextIO

from tqdm import tqdm

from gru_sentiment.cli.streams import on_terminal
from gru_sentiment.machine.progress import LINE_EVERY_S, SilentProgress
from gru_sentiment.reporting.training import epoch_line, loss_and_accuracy
from gru_sentiment.results.training import EvaluationRecord, StepRecord


class BarProgress:
    """A tqdm bar for every epoch and a line for every evaluation."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stderr
        self.bar: tqdm[Any] | None = None

    def on_step(self, record: StepRecord) -> None:
        """Advance the bar by a batch."""
        if self.bar is None:
            title = f"epoch {record.epoch}/{record.epochs}"
            self.bar = tqdm(
                total=record.steps, desc=title, unit="batch", file=self.stream, leave=False
            )
        self.bar.set_postfix_str(
            f"{loss_and_accuracy(record.loss, record.accuracy)}, "
            f"{record.tokens_per_s:,.0f} tokens/s",
            refresh=False,
        )
        self.bar.update()

    def on_evaluation(self, record: EvaluationRecord) -> None:
        """Replace the bar by the line of the epoch."""
        self.close()
        print(epoch_line(record), file=self.stream, flush=True)

    def close(self) -> None:
        """Remove the bar."""
        if self.bar is not None:
            self.bar.close()
            self.bar = None


class LineProgress:
    """A plain line every few seconds and one for every evaluation."""

    def __init__(self, stream: TextIO | None = None, every_s: float = LINE_EVERY_S) -> None:
        self.stream, self.every_s = stream or sys.stderr, every_s
        self.last = time.monotonic()

    def on_step(self, record: StepRecord) -> None:
        """Print a line if the last one is `every_s` seconds old."""
        if time.monotonic() - self.last < self.every_s:
            return
        self.last = time.monotonic()
        left = record.elapsed_s / record.step * (record.steps - record.step)
        self._print(
            f"epoch {record.epoch}/{record.epochs}, batch {record.step}/{record.steps}: "
            f"{loss_and_accuracy(record.loss, record.accuracy)}, "
            f"{record.tokens_per_s:,.0f} tokens/s, {left:.0f} s left in the epoch"
        )

    def on_evaluation(self, record: EvaluationRecord) -> None:
        """Print the line of the epoch."""
        self.last = time.monotonic()
        self._print(epoch_line(record))

    def close(self) -> None:
        """Nothing: a line is never open."""

    def _print(self, line: str) -> None:
        print(line, file=self.stream, flush=True)


def observer_for(*, quiet: bool) -> BarProgress | LineProgress | SilentProgress:
    """A bar on a terminal, plain lines elsewhere, nothing if `quiet`."""
    if quiet:
        return SilentProgress()
    return BarProgress() if on_terminal(sys.stderr) else LineProgress()
