"""A training run in progress: consumes the loop, saves the best weights and the checkpoints."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Mapping
from typing import Any, Protocol

from torch import nn

from gru_sentiment.artifact.checkpoints import Checkpoint
from gru_sentiment.artifact.files import METADATA, partial_of
from gru_sentiment.builders.device import Machine, build_precision
from gru_sentiment.builders.optimisation import build_state
from gru_sentiment.machine.provenance import Stopwatch, provenance
from gru_sentiment.machine.signals import StopRequest
from gru_sentiment.results.training import EvaluationRecord, StepRecord
from gru_sentiment.trainer.resume import Start
from gru_sentiment.trainer.task import Task
from gru_sentiment.training.loop import all_done, train_epochs

logger = logging.getLogger(__name__)


class Observer(Protocol):
    """Who wants to see the training while it runs."""

    def on_step(self, record: StepRecord) -> None:
        """Called after every batch."""

    def on_evaluation(self, record: EvaluationRecord) -> None:
        """Called after every evaluation."""


class TrainingRun:
    """The loop's consumer, from the first batch to the finished run folder.

    Args:
        start: the config, the run folder and, where the training is resumed, its checkpoint.
        model: on the machine's device, with its initial weights.
        task: what is learned.
        machine: what is computed on.
        facts: what must be the same when the training is resumed, by name.
        watch: started when the recipe began.
    """

    def __init__(
        self,
        start: Start,
        model: nn.Module,
        task: Task,
        *,
        machine: Machine,
        facts: Mapping[str, Any],
        watch: Stopwatch,
    ) -> None:
        self.config, self.writer, self.checkpoint = start.config, start.writer, start.checkpoint
        self.model, self.task, self.machine, self.facts = model, task, machine, facts
        self.watch = watch
        self.state = build_state(self.config.training, model, self._updates())
        self.best_epoch = 0
        self.best_scores: Mapping[str, float] = {}
        """Validation scores of the best epoch."""
        self.checkpoint_s = 0.0
        """Seconds spent on checkpoints."""
        self._schedule = CheckpointSchedule(self.config.run.checkpoint_every)

    @property
    def eval_model(self) -> nn.Module:
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
        """Number of parameters, in all and by module of the model."""
        modules = {name: count_parameters(m) for name, m in self.model.named_children()}
        return {"total": count_parameters(self.model), **modules}

    def train(self, observer: Observer) -> None:
        """Train to the end, from the start or from the checkpoint.

        After Ctrl-C or SIGTERM a checkpoint is saved first.

        Raises:
            DivergenceError: a loss or gradient that is not finite.
            ArtifactError: the disk refuses a checkpoint.
        """
        if self.checkpoint is None:
            self.writer.cut_history(0)
        else:
            self._restore(self.checkpoint)
        position = self.state.position
        self.watch.ready(position.elapsed_s + position.sums.elapsed_s)
        self._consume(observer)

    def finish(self, metadata: Mapping[str, Any], *, latest: bool = True) -> float:
        """Write metadata.json and give the run folder its name; returns the seconds in all.

        Args:
            metadata: what the recipe knows of the run.
            latest: whether runs/latest names the run from now on.

        Raises:
            ArtifactError: the disk refuses it.
        """
        times = self.watch.metadata()
        self.writer.write_json(
            METADATA,
            {
                **provenance(),
                "seed": self.config.run.seed,
                **self.machine.metadata(),
                **metadata,
                "parameters": self.parameters,
                "best_epoch": self.best_epoch,
                "epochs": self.epochs,
                "stopped_by": self.stopped_by,
                "training_s": self.training_s,
                "checkpoint_s": self.checkpoint_s,
                **times,
            },
        )
        self.writer.finish(keep_checkpoint=self.config.run.keep_checkpoint, latest=latest)
        total_s: float = times["total_s"]
        return total_s

    def _restore(self, checkpoint: Checkpoint) -> None:
        self.state.restore(checkpoint.tensors, checkpoint.state)
        self.best_epoch, self.best_scores = checkpoint.best_epoch, checkpoint.best_scores
        self.writer.cut_history(checkpoint.history_bytes)
        position = self.state.position
        logger.info("resuming at epoch %d, batch %d", position.epoch, position.batch + 1)

    def _consume(self, observer: Observer) -> None:
        config = self.config.training
        with StopRequest() as stop:

            def after_update() -> None:
                self._stop_if_requested(stop)
                if self._schedule.is_due():
                    self._save_checkpoint()

            records = train_epochs(
                self.state,
                self.task.batches,
                self.task.loss,
                self.task.evaluate,
                epochs=config.epochs,
                device=self.machine.device,
                clip_norm=config.clip_norm,
                accumulation_steps=config.accumulation_steps,
                skip_non_finite=config.on_non_finite == "skip",
                precision=build_precision(config, self.machine.device),
                before_epoch=self._before_epoch,
                on_step=observer.on_step,
                after_update=after_update,
            )
            for record in records:
                self._keep(record)
                observer.on_evaluation(record)
                self._stop_if_requested(stop)

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
            self.writer.save_weights(self.task.to_save(self.eval_model))
        self.writer.append_record(record)
        self._save_checkpoint()

    def _save_checkpoint(self) -> None:
        started = time.perf_counter()
        tensors, state = self.state.capture()
        checkpoint = Checkpoint(
            tensors=tensors,
            state=state,
            best_epoch=self.best_epoch,
            best_scores=self.best_scores,
            history_bytes=self.writer.history_bytes,
            facts=self.facts,
        )
        self.writer.checkpoints.save(checkpoint)
        self._schedule.restart()
        self.checkpoint_s += time.perf_counter() - started

    def _stop_if_requested(self, stop: StopRequest) -> None:
        """End, leaving a checkpoint to resume from, and weights that can be looked at."""
        if stop.signal is None:
            return
        self._save_checkpoint()
        if not self.best_epoch:
            self.writer.save_weights(self.task.to_save(self.eval_model))
        what = f"the weights of epoch {self.best_epoch}" if self.best_epoch else "untested weights"
        logger.warning(
            "interrupted: %s holds %s\n  resume it: gru-sent %s --resume %s",
            partial_of(self.writer.path),
            what,
            "train" if self.config.pretraining is None else "pretrain",
            self.writer.path,
        )
        stop.grant()


def count_parameters(module: nn.Module) -> int:
    """Numbers in the parameters of a module, frozen ones included."""
    return sum(parameter.numel() for parameter in module.parameters())


class CheckpointSchedule:
    """When a checkpoint is due: `200 steps` or `5 minutes` after the last one; None is never."""

    def __init__(self, every: str | None) -> None:
        number, unit = every.split() if every else ("0", "never")
        self.steps = int(number) if unit.startswith("step") else math.inf
        self.seconds = 60.0 * int(number) if unit.startswith("minute") else math.inf
        self.restart()

    def restart(self) -> None:
        """Count from here on: a checkpoint was saved."""
        self.updates, self.since = 0, time.perf_counter()

    def is_due(self) -> bool:
        """Count an optimizer step; whether it is time for a checkpoint."""
        self.updates += 1
        return self.updates >= self.steps or time.perf_counter() - self.since >= self.seconds
