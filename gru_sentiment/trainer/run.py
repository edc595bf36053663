"""A training in progress: consumes the loop, saves its best weights and its checkpoints."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Mapping
from typing import Any, Protocol

import torch
from torch import nn

from gru_sentiment.artifact.files import partial_of
from gru_sentiment.artifact.writer import RunWriter
from gru_sentiment.builders.device import build_precision
from gru_sentiment.builders.optimisation import build_state
from gru_sentiment.config.sections import Config
from gru_sentiment.machine.signals import StopRequest
from gru_sentiment.results.training import EvaluationRecord, StepRecord
from gru_sentiment.trainer.task import Task
from gru_sentiment.training.loop import all_done, train_epochs

logger = logging.getLogger(__name__)


class Observer(Protocol):
    """Who wants to see the training while it runs."""

    def on_step(self, record: StepRecord) -> None:
        """A batch is done."""

    def on_evaluation(self, record: EvaluationRecord) -> None:
        """An epoch is done and evaluated."""


class TrainingRun:
    """The loop's consumer.

    Args:
        config: the training.
        model: on `device`, with its initial weights.
        task: what is learned.
        writer: of the run folder.
        device: where to compute.
        facts: what must be the same when the training goes on, by name.
    """

    def __init__(
        self,
        config: Config,
        model: nn.Module,
        task: Task,
        writer: RunWriter,
        *,
        device: torch.device,
        facts: Mapping[str, Any],
    ) -> None:
        self.config, self.model, self.task, self.device = config, model, task, device
        self.writer, self.facts = writer, dict(facts)
        self.state = build_state(config.training, model, self._updates())
        self.best_epoch = 0
        self.best_scores: dict[str, float] = {}
        """Validation scores of the best epoch."""
        self.earlier_s = 0.0
        """Seconds in the loop that other processes have spent on this training."""
        self.checkpoint_s = 0.0
        """Seconds spent on checkpoints."""
        self._due = CheckpointSchedule(config.run.checkpoint_every)

    @property
    def evaluated(self) -> nn.Module:
        """The weights that are evaluated and saved: the averaged ones where there are any."""
        average = self.state.average
        return self.model if average is None else average.module

    @property
    def epochs(self) -> int:
        """Epochs that are done and evaluated."""
        return self.state.position.epoch - 1

    @property
    def stopped_by(self) -> str:
        """Why the training ended."""
        return self.state.stopped_by or all_done(self.config.training.epochs)

    @property
    def training_s(self) -> float:
        """Seconds in the loop, evaluations included, over all processes."""
        return self.state.position.elapsed_s

    @property
    def parameters(self) -> dict[str, int]:
        """Number of trained numbers, in all and by part of the model."""
        parts = {name: count(module) for name, module in self.model.named_children()}
        return {"total": count(self.model), **parts}

    def metadata(self) -> dict[str, Any]:
        """How it went, as metadata.json holds it."""
        return {
            "parameters": self.parameters,
            "best_epoch": self.best_epoch,
            "epochs": self.epochs,
            "stopped_by": self.stopped_by,
            "training_s": self.training_s,
            "checkpoint_s": self.checkpoint_s,
        }

    def begin(
        self, checkpoint: tuple[Mapping[str, torch.Tensor], Mapping[str, Any]] | None
    ) -> None:
        """From the start, or where another process left it."""
        if checkpoint:
            self.restore(*checkpoint)
        else:
            self.writer.cut_history(0)

    def restore(self, tensors: Mapping[str, torch.Tensor], values: Mapping[str, Any]) -> None:
        """Go on from a checkpoint."""
        self.state.restore(tensors, values["state"])
        self.best_epoch, self.best_scores = values["best_epoch"], values["best_scores"]
        self.writer.cut_history(values["history_bytes"])
        position = self.state.position
        self.earlier_s = position.elapsed_s + position.sums.elapsed_s
        logger.info("going on with epoch %d, batch %d", position.epoch, position.batch + 1)

    def run(self, observer: Observer) -> None:
        """Train to the end; when interrupted, save a checkpoint first."""
        config = self.config.training
        with StopRequest() as stop:

            def after_update() -> None:
                self._stop_if_asked(stop)
                if self._due.after_update():
                    self._save_checkpoint()

            records = train_epochs(
                self.state,
                self.task.batches,
                self.task.loss,
                self.task.evaluate,
                epochs=config.epochs,
                device=self.device,
                clip_norm=config.clip_norm,
                accumulation_steps=config.accumulation_steps,
                skip_non_finite=config.on_non_finite == "skip",
                precision=build_precision(config, self.device),
                before_epoch=self._before_epoch,
                on_step=observer.on_step,
                after_update=after_update,
            )
            for record in records:
                self._keep(record)
                observer.on_evaluation(record)
                self._stop_if_asked(stop)

    def _before_epoch(self, epoch: int) -> None:
        if not self.state.position.batch:
            self.task.begin_epoch(self.model, epoch)
        self.task.release(self.model, epoch)

    def _updates(self) -> int:
        """Optimizer steps of all epochs."""
        config = self.config.training
        return sum(
            math.ceil(self.task.n_batches(epoch) / config.accumulation_steps)
            for epoch in range(1, config.epochs + 1)
        )

    def _keep(self, record: EvaluationRecord) -> None:
        if record.is_best:
            self.best_epoch, self.best_scores = record.epoch, dict(record.scores)
            self.writer.save_weights(self.task.to_save(self.evaluated))
        self.writer.append_record(record)
        self._save_checkpoint()

    def _save_checkpoint(self) -> None:
        started = time.perf_counter()
        tensors, state = self.state.capture()
        values = {
            "state": state,
            "best_epoch": self.best_epoch,
            "best_scores": self.best_scores,
            "history_bytes": self.writer.history_bytes,
            "facts": self.facts,
        }
        self.writer.checkpoints.save(tensors, values)
        self._due.start_again()
        self.checkpoint_s += time.perf_counter() - started

    def _stop_if_asked(self, stop: StopRequest) -> None:
        """End, leaving all that is needed to go on, and weights that can be looked at."""
        if stop.signal is None:
            return
        self._save_checkpoint()
        if not self.best_epoch:
            self.writer.save_weights(self.task.to_save(self.evaluated))
        what = f"the weights of epoch {self.best_epoch}" if self.best_epoch else "untested weights"
        logger.warning(
            "interrupted: %s holds %s\n  go on with it: gru-sent %s --resume %s",
            partial_of(self.writer.path),
            what,
            "train" if self.config.pretraining is None else "pretrain",
            self.writer.path,
        )
        stop.grant()


def count(module: nn.Module) -> int:
    """Trained numbers of a module."""
    return sum(parameter.numel() for parameter in module.parameters())


class CheckpointSchedule:
    """When the next checkpoint is: after a number of updates or of minutes."""

    def __init__(self, every: str | None) -> None:
        number, unit = every.split() if every else ("0", "never")
        self.steps = int(number) if unit.startswith("step") else math.inf
        self.seconds = 60.0 * int(number) if unit.startswith("minute") else math.inf
        self.start_again()

    def start_again(self) -> None:
        """A checkpoint was saved."""
        self.updates, self.since = 0, time.perf_counter()

    def after_update(self) -> bool:
        """Whether it is time."""
        self.updates += 1
        return self.updates >= self.steps or time.perf_counter() - self.since >= self.seconds
