"""Train a classifier from a config and leave a run folder."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Protocol

import torch
from torch import nn

from gru_sentiment.artifact import METADATA, METRICS, PREDICTIONS, RunWriter, free_run_path
from gru_sentiment.build import (
    Corpus,
    build_average,
    build_batcher,
    build_corpus,
    build_device,
    build_encoded,
    build_loss,
    build_model,
    build_optimizer,
    build_precision,
    build_schedule,
    build_stopping,
    build_vectors,
    build_vocabulary,
    freeze_embedding,
)
from gru_sentiment.config import Config
from gru_sentiment.data.vectors import coverage, initial_weights
from gru_sentiment.evaluation import Part
from gru_sentiment.models.classifier import TextClassifier
from gru_sentiment.provenance import peak_memory_mib, provenance
from gru_sentiment.results import Coverage, EvaluationRecord, StepRecord, TrainingResult
from gru_sentiment.training.loop import train_epochs
from gru_sentiment.training.seeding import seed_everything, set_threads

logger = logging.getLogger(__name__)

MONITORED = ("loss", "accuracy", "macro_f1", "roc_auc")


class Observer(Protocol):
    """Who wants to see the training while it runs."""

    def on_step(self, record: StepRecord) -> None:
        """A batch is done."""

    def on_evaluation(self, record: EvaluationRecord) -> None:
        """An epoch is done and evaluated."""


def train(
    config: Config,
    observer: Observer,
    *,
    name: str = "run",
    force: bool = False,
    progress: bool = False,
) -> TrainingResult:
    """Train, choose the best epoch on the validation part, then score the test part once.

    Args:
        config: the whole training; `run.output` is the folder, else runs/NAME.
        observer: sees every batch and every evaluation.
        name: of the folder below runs/ where the config names none.
        force: replace an existing run.
        progress: show the tokeniser's progress bar.

    Raises:
        UserError: config, data, vectors, device or output that cannot be used. Nothing is left
            half-written, except after an interruption: then NAME.partial holds the best weights
            so far.
    """
    started, started_at = time.perf_counter(), datetime.now(UTC)
    device = build_device(config.run.device)
    threads = set_threads(config.run.threads)
    seed_everything(config.run.seed)
    with RunWriter(config.run.output or free_run_path(name), force=force) as writer:
        corpus = build_corpus(config, progress=progress)
        counts = corpus.tokenized.counts(corpus.splits["train"])
        vocabulary = build_vocabulary(config.text, counts)
        vectors = build_vectors(config.vectors, vocabulary)
        covered = coverage(vectors, vocabulary, counts)
        _log_setup(corpus, len(vocabulary), covered)
        weights = torch.from_numpy(initial_weights(vectors, config.run.seed))
        model = build_model(config, weights, len(corpus.labels), device)
        writer.save_setup(config, vocabulary, corpus.labels)
        encoded = build_encoded(config.text, corpus.tokenized, vocabulary)
        parts = {
            split: Part(encoded, rows, corpus.labels, corpus.label_ids)
            for split, rows in corpus.splits.items()
        }
        fit = _Fit(config, model, parts, device, writer)
        startup_s = time.perf_counter() - started
        fit.run(observer)
        training_s = time.perf_counter() - started - startup_s
        metrics = fit.final_metrics()
        total_s = time.perf_counter() - started
        writer.write_json(METRICS, {split: scores.to_json() for split, scores in metrics.items()})
        facts = {
            "seed": config.run.seed,
            "device": str(device),
            "threads": threads,
            "data_fingerprint": corpus.records.fingerprint,
            "rows": {split: len(rows) for split, rows in corpus.splits.items()},
            "parameters": {"total": _count(model)}
            | {name: _count(module) for name, module in model.named_children()},
            "coverage": asdict(covered),
            "best_epoch": fit.best_epoch,
            "epochs": fit.epochs,
            "stopped_by": fit.stopped_by,
        }
        clock = {
            "started_at": started_at.isoformat(timespec="seconds"),
            "startup_s": startup_s,
            "training_s": training_s,
            "total_s": total_s,
            "peak_memory_mib": peak_memory_mib(),
        }
        writer.write_json(METADATA, provenance() | facts | clock)
        writer.finish()
    return TrainingResult(
        run=str(writer.path),
        metrics=metrics,
        best_epoch=fit.best_epoch,
        epochs=fit.epochs,
        stopped_by=fit.stopped_by,
        parameters=_count(model),
        vocabulary=len(vocabulary),
        coverage=covered,
        training_s=training_s,
        total_s=total_s,
    )


class _Fit:
    """The loop's consumer: saves the best weights and keeps what was said of them."""

    def __init__(
        self,
        config: Config,
        model: TextClassifier,
        parts: Mapping[str, Part],
        device: torch.device,
        writer: RunWriter,
    ) -> None:
        self.config, self.model, self.parts = config, model, parts
        self.device, self.writer = device, writer
        self.average = build_average(config.training, model)
        self.best_epoch, self.epochs, self.stopped_by = 0, 0, ""

    @property
    def evaluated(self) -> nn.Module:
        """The weights that are evaluated and saved: the averaged ones where there are any."""
        return self.model if self.average is None else self.average.module

    def run(self, observer: Observer) -> None:
        """Train; on an interruption leave what there is in the writer's folder."""
        config, part = self.config.training, self.parts["train"]
        assert part.label_ids is not None
        batcher = build_batcher(config, part.encoded)
        seed = self.config.run.seed
        loss = build_loss(config, part.label_ids[part.rows], len(part.labels))
        optimizer = build_optimizer(config, self.model)
        steps = sum(
            math.ceil(
                len(batcher.shuffled(part.rows, None, seed=seed, epoch=epoch))
                / config.accumulation_steps
            )
            for epoch in range(1, config.epochs + 1)
        )
        records = train_epochs(
            self.model,
            optimizer,
            lambda epoch: batcher.shuffled(part.rows, part.label_ids, seed=seed, epoch=epoch),
            loss.of_model,
            self._validate,
            epochs=config.epochs,
            device=self.device,
            schedule=build_schedule(config, optimizer, steps),
            stopping=build_stopping(config),
            clip_norm=config.clip_norm,
            accumulation_steps=config.accumulation_steps,
            average=self.average,
            precision=build_precision(config, self.device),
            before_epoch=lambda epoch: freeze_embedding(self.config.model, self.model, epoch),
            on_step=observer.on_step,
        )
        try:
            for record in records:
                self._keep(record)
                observer.on_evaluation(record)
        except KeyboardInterrupt:
            if not self.best_epoch:
                self.writer.save_model(self.evaluated)
            what = (
                f"the weights of epoch {self.best_epoch}" if self.best_epoch else "untested weights"
            )
            logger.warning("interrupted: %s holds %s", self.writer.partial, what)
            raise

    def final_metrics(self) -> dict[str, Any]:
        """Scores of the best weights: those of their epoch, and of the test part, seen once."""
        best = self.writer.load_weights(self.evaluated)
        self.writer.write_lines(PREDICTIONS, self._validation_lines())
        metrics = {"validation": self._best_metrics}
        if "test" in self.parts:
            metrics["test"], _ = self.parts["test"].evaluate(best, self.device)
        return metrics

    def _validate(self, model: nn.Module) -> dict[str, float]:
        self._metrics, self._answers = self.parts["validation"].evaluate(model, self.device)
        scores = {name: getattr(self._metrics, name) for name in MONITORED}
        return {name: value for name, value in scores.items() if value is not None}

    def _keep(self, record: EvaluationRecord) -> None:
        self.epochs, self.stopped_by = record.epoch, record.stopped_by or ""
        if record.is_best:
            self.best_epoch = record.epoch
            self._best_metrics, self._best_answers = self._metrics, self._answers
            self.writer.save_model(self.evaluated)
        self.writer.append_record(record)

    def _validation_lines(self) -> list[dict[str, Any]]:
        part = self.parts["validation"]
        assert part.label_ids is not None
        return [
            {
                "row": int(row),
                "true": part.labels.classes[part.label_ids[row]],
                **prediction.to_json(),
            }
            for row, prediction in zip(part.rows, part.predictions(self._best_answers), strict=True)
        ]


def _log_setup(corpus: Corpus, vocabulary: int, covered: Coverage) -> None:
    sizes = ", ".join(f"{len(rows):,} {split}" for split, rows in corpus.splits.items())
    logger.info("reviews: %s; classes: %s", sizes, ", ".join(corpus.labels.names))
    logger.info(
        "vocabulary: %s words; vectors %s cover %.1f %% of them and %.1f %% of the text",
        f"{vocabulary:,}",
        covered.vectors,
        100 * covered.types,
        100 * covered.tokens,
    )


def _count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())
