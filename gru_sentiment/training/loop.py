"""The one training loop: a generator that yields after every evaluation.

It knows no path, prints nothing and saves nothing; whoever consumes it does. Other objectives
(a language model, adversarial training) are another `compute_loss`, not another loop.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.swa_utils import AveragedModel

from gru_sentiment.batch import Batch
from gru_sentiment.errors import DivergenceError
from gru_sentiment.results import EvaluationRecord, StepRecord
from gru_sentiment.training.optimizers import Schedule
from gru_sentiment.training.stopping import Stopping

ADVICE = "lower training.learning_rate, set training.clip_norm to 1.0 or less"


def train_epochs(
    model: nn.Module,
    optimizer: Optimizer,
    batches: Callable[[int], Sequence[Batch]],
    compute_loss: Callable[[nn.Module, Batch], tuple[Tensor, int]],
    evaluate: Callable[[nn.Module], Mapping[str, float]],
    *,
    epochs: int,
    device: torch.device,
    schedule: Schedule,
    stopping: Stopping,
    clip_norm: float | None = None,
    accumulation_steps: int = 1,
    average: AveragedModel | None = None,
    precision: Callable[[], AbstractContextManager[object]] = nullcontext,
    before_epoch: Callable[[int], None] = lambda epoch: None,  # noqa: ARG005
    on_step: Callable[[StepRecord], None] = lambda record: None,  # noqa: ARG005
) -> Iterator[EvaluationRecord]:
    """Train `model` and yield a record after each epoch's evaluation.

    Args:
        model: what is trained, already on `device`.
        optimizer: over its parameters.
        batches: the batches of an epoch, counted from 1.
        compute_loss: mean loss of a batch, and how many of its rows were right.
        evaluate: validation scores by name, `loss` among them; given the averaged model if any.
        epochs: passes at most.
        device: where batches go.
        schedule: of the learning rate.
        stopping: which evaluation is the best and which the last.
        clip_norm: largest norm of the gradient.
        accumulation_steps: batches an optimizer step; their gradients are averaged.
        average: averaged weights, updated after every optimizer step.
        precision: makes the context in which losses are computed (autocast).
        before_epoch: called with the epoch before it starts (unfreezing).
        on_step: called after every batch (progress).

    Raises:
        DivergenceError: a loss or gradient that is not finite.
    """
    started = time.perf_counter()
    optimizer_steps = 0
    for epoch in range(1, epochs + 1):
        before_epoch(epoch)
        model.train()
        meter = _Meter(epoch, epochs)
        epoch_batches = batches(epoch)
        for index, batch in enumerate(epoch_batches):
            with precision():
                loss, correct = compute_loss(model, batch.to(device))
            value = loss.item()
            if not math.isfinite(value):
                raise _diverged("loss", value, epoch, index, batch)
            # the last step of an epoch may hold fewer batches
            first = index - index % accumulation_steps
            in_step = min(accumulation_steps, len(epoch_batches) - first)
            torch.autograd.backward(loss / in_step)
            if index + 1 == first + in_step:
                norm = _step(model, optimizer, clip_norm)
                if not math.isfinite(norm):
                    raise _diverged("gradient norm", norm, epoch, index, batch)
                meter.norms.append(norm)
                optimizer_steps += 1
                schedule.after_step()
                if average is not None:
                    average.update_parameters(model)
            meter.add(value, correct, batch)
            on_step(meter.record(index + 1, len(epoch_batches)))
        rate = optimizer.param_groups[0]["lr"]
        scores = dict(evaluate(model if average is None else average.module))
        if not math.isfinite(scores["loss"]):
            cause = f"epoch {epoch}: the validation loss is {scores['loss']}"
            raise DivergenceError(cause, hint=ADVICE)
        schedule.after_evaluation(scores["loss"])
        is_best = stopping.is_best(scores)
        reason = stopping.reason(scores, time.perf_counter() - started)
        if reason is None and epoch == epochs:
            reason = f"all {epochs} epochs done"
        yield meter.evaluation(optimizer_steps, rate, scores, is_best, reason)
        if reason is not None:
            return


def _step(model: nn.Module, optimizer: Optimizer, clip_norm: float | None) -> float:
    """One optimizer step; returns the gradient's norm before clipping.

    A gradient that is not finite is left unused.
    """
    norm = nn.utils.clip_grad_norm_(model.parameters(), clip_norm or math.inf).item()
    if math.isfinite(norm):
        optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return norm


class _Meter:
    """Sums over an epoch."""

    def __init__(self, epoch: int, epochs: int) -> None:
        self.epoch, self.epochs = epoch, epochs
        self.started = time.perf_counter()
        self.loss, self.correct, self.rows, self.tokens = 0.0, 0, 0, 0
        self.norms: list[float] = []

    def add(self, loss: float, correct: int, batch: Batch) -> None:
        self.loss += loss * len(batch)
        self.correct += correct
        self.rows += len(batch)
        self.tokens += batch.n_tokens
        self.elapsed_s = time.perf_counter() - self.started

    def record(self, step: int, steps: int) -> StepRecord:
        return StepRecord(
            epoch=self.epoch,
            epochs=self.epochs,
            step=step,
            steps=steps,
            loss=self.loss / self.rows,
            accuracy=self.correct / self.rows,
            tokens_per_s=self.tokens / self.elapsed_s,
            elapsed_s=self.elapsed_s,
        )

    def evaluation(
        self, step: int, rate: float, scores: Mapping[str, float], is_best: bool, reason: str | None
    ) -> EvaluationRecord:
        return EvaluationRecord(
            epoch=self.epoch,
            step=step,
            train_loss=self.loss / self.rows,
            train_accuracy=self.correct / self.rows,
            learning_rate=rate,
            gradient_norm=sum(self.norms) / len(self.norms),
            scores=scores,
            tokens=self.tokens,
            elapsed_s=self.elapsed_s,
            tokens_per_s=self.tokens / self.elapsed_s,
            is_best=is_best,
            stopped_by=reason,
        )


def _diverged(what: str, value: float, epoch: int, index: int, batch: Batch) -> DivergenceError:
    rows = ", ".join(map(str, batch.rows.tolist()[:10]))
    more = ", …" if len(batch) > 10 else ""
    return DivergenceError(
        f"epoch {epoch}, batch {index + 1}: the {what} is {value}; rows {rows}{more}",
        hint=f"{ADVICE}, or check those rows with 'gru-sent data check'",
    )
