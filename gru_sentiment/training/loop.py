"""The one training loop: a generator that yields after every evaluation.

It knows no path, prints nothing and saves nothing; whoever consumes it does. Other objectives
(a language model, adversarial training) are another `compute_loss`, not another loop.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor, nn

from gru_sentiment.batch import Batch
from gru_sentiment.errors import DivergenceError
from gru_sentiment.results.training import EvaluationRecord, StepRecord
from gru_sentiment.training.position import Position
from gru_sentiment.training.snapshot import TrainingState

logger = logging.getLogger(__name__)

ADVICE = "lower training.learning_rate, set training.clip_norm to 1.0 or less"


def train_epochs(
    state: TrainingState,
    batches: Callable[[int], Sequence[Batch]],
    compute_loss: Callable[[nn.Module, Batch], tuple[Tensor, int | None]],
    evaluate: Callable[[nn.Module], Mapping[str, float]],
    *,
    epochs: int,
    device: torch.device,
    clip_norm: float | None = None,
    accumulation_steps: int = 1,
    skip_non_finite: bool = False,
    precision: Callable[[], AbstractContextManager[object]] = nullcontext,
    before_epoch: Callable[[int], None] = lambda epoch: None,  # noqa: ARG005
    on_step: Callable[[StepRecord], None] = lambda record: None,  # noqa: ARG005
    after_update: Callable[[], None] = lambda: None,
) -> Iterator[EvaluationRecord]:
    """Train `state.model` from `state.position` on; yield a record after each evaluation.

    Args:
        state: model (already on `device`), optimizer, schedule, stopping rules, averaged weights
            and position; whoever captures it in `after_update`, or when a record is yielded, can
            resume from there.
        batches: the batches of an epoch, counted from 1.
        compute_loss: mean loss of a batch, and how many of its rows were right; None where that
            means nothing.
        evaluate: validation scores by name, `loss` among them; given the averaged model if any.
        epochs: passes at most.
        device: where batches go.
        clip_norm: largest norm of the gradient.
        accumulation_steps: batches an optimizer step; their gradients are averaged.
        skip_non_finite: leave out a batch whose loss or gradient is not finite, and count it.
        precision: makes the context in which losses are computed (autocast).
        before_epoch: called with the epoch before it starts (unfreezing).
        on_step: called after every batch (progress).
        after_update: called after every optimizer step.

    Raises:
        DivergenceError: a loss or gradient that is not finite.
    """
    model, position = state.model, state.position
    started = time.perf_counter() - position.elapsed_s - position.sums.elapsed_s
    while position.epoch <= epochs and state.stopped_by is None:
        epoch = position.epoch
        before_epoch(epoch)
        model.train()
        epoch_batches = batches(epoch)
        meter = _Meter(position, epochs, len(epoch_batches))
        for index in range(position.batch, len(epoch_batches)):
            batch = epoch_batches[index]
            with precision():
                loss, correct = compute_loss(model, batch.to(device))
            value = loss.item()
            # the last step of an epoch may hold fewer batches
            first = index - index % accumulation_steps
            in_step = min(accumulation_steps, len(epoch_batches) - first)
            if math.isfinite(value):
                torch.autograd.backward(loss / in_step)
                meter.add(value, correct, batch)
            else:
                _leave_out(position, skip_non_finite, f"loss is {value}", index, batch)
            updated = index + 1 == first + in_step
            if updated:
                norm = _update(state, clip_norm)
                if norm is not None and math.isfinite(norm):
                    meter.add_norm(norm)
                elif norm is not None:
                    _leave_out(position, skip_non_finite, f"gradient norm is {norm}", index, batch)
            position.batch = index + 1
            on_step(meter.step())
            if updated:
                after_update()
        rate = state.optimizer.param_groups[0]["lr"]
        scores = dict(evaluate(model if state.average is None else state.average.module))
        if not math.isfinite(scores["loss"]):
            cause = f"epoch {epoch}: the validation loss is {scores['loss']}"
            raise DivergenceError(cause, hint=ADVICE)
        state.schedule.after_evaluation(scores["loss"])
        is_best = state.stopping.is_best(scores)
        elapsed_s = time.perf_counter() - started
        reason = state.stopping.reason(elapsed_s) or (all_done(epochs) if epoch == epochs else None)
        record = meter.evaluation(rate, scores, is_best, reason)
        position.next_epoch(elapsed_s)
        yield record


def all_done(epochs: int) -> str:
    """Why a training ends that no stopping rule ended."""
    return f"all {epochs} epochs done"


def _update(state: TrainingState, clip_norm: float | None) -> float | None:
    """One optimizer step; returns the gradient's norm before clipping.

    A gradient that is not finite is left unused. Where every batch of the step was left out there
    is none: neither momentum nor weight decay moves the weights, and the norm is None. The
    schedule advances in every case, so that it ends with the last epoch.
    """
    norm = _clip(state.model, clip_norm)
    if norm is not None and math.isfinite(norm):
        state.optimizer.step()
    state.optimizer.zero_grad(set_to_none=True)
    state.position.updates += 1
    state.schedule.after_step()
    if state.average is not None:
        state.average.update_parameters(state.model)
    return norm


def _clip(model: nn.Module, clip_norm: float | None) -> float | None:
    """The norm of the gradient before it is clipped; None where there is no gradient."""
    parameters = [p for p in model.parameters() if p.grad is not None]
    if not parameters:
        return None
    return nn.utils.clip_grad_norm_(parameters, clip_norm or math.inf).item()


class _Meter:
    """Adds up an epoch, over the process that stopped in it too."""

    def __init__(self, position: Position, epochs: int, steps: int) -> None:
        self.position, self.epochs, self.steps = position, epochs, steps
        self.sums = position.sums
        self.started = time.perf_counter() - self.sums.elapsed_s

    def add(self, loss: float, correct: int | None, batch: Batch) -> None:
        self.sums.loss += loss * batch.n_judged
        self.sums.correct = None if correct is None else (self.sums.correct or 0) + correct
        self.sums.rows += batch.n_judged
        self.sums.tokens += batch.n_tokens

    def add_norm(self, norm: float) -> None:
        self.sums.norm += norm
        self.sums.updates += 1

    def step(self) -> StepRecord:
        self.sums.elapsed_s = time.perf_counter() - self.started
        return StepRecord(
            epoch=self.position.epoch,
            epochs=self.epochs,
            step=self.position.batch,
            steps=self.steps,
            loss=self._mean(self.sums.loss),
            accuracy=self._accuracy(),
            tokens_per_s=self.sums.tokens / self.sums.elapsed_s,
            elapsed_s=self.sums.elapsed_s,
        )

    def evaluation(
        self, rate: float, scores: Mapping[str, float], is_best: bool, reason: str | None
    ) -> EvaluationRecord:
        return EvaluationRecord(
            epoch=self.position.epoch,
            step=self.position.updates,
            train_loss=self._mean(self.sums.loss),
            train_accuracy=self._accuracy(),
            learning_rate=rate,
            gradient_norm=self.sums.norm / max(self.sums.updates, 1),
            scores=scores,
            tokens=self.sums.tokens,
            elapsed_s=self.sums.elapsed_s,
            tokens_per_s=self.sums.tokens / self.sums.elapsed_s,
            skipped_batches=self.sums.skipped,
            is_best=is_best,
            stopped_by=reason,
        )

    def _accuracy(self) -> float | None:
        return None if self.sums.correct is None else self._mean(self.sums.correct)

    def _mean(self, total: float) -> float:
        return total / max(self.sums.rows, 1)


def _leave_out(position: Position, skip: bool, what: str, index: int, batch: Batch) -> None:
    """Count a batch that was left out, or raise."""
    rows = ", ".join(str(row + 1) for row in batch.rows.tolist()[:10])
    more = ", …" if len(batch) > 10 else ""
    cause = f"epoch {position.epoch}, batch {index + 1}: the {what}; rows {rows}{more}"
    if not skip:
        raise DivergenceError(
            cause,
            hint=f"{ADVICE}, check those rows with 'gru-sent data check', or leave such batches "
            "out with training.on_non_finite skip",
        )
    position.sums.skipped += 1
    logger.warning("%s: left out", cause)
