"""Train a classifier from a config and leave a run folder; go on with one that did not finish."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from gru_sentiment.arrays import Integers
from gru_sentiment.artifact.files import METADATA, METRICS, PREDICTIONS
from gru_sentiment.artifact.writer import RunWriter
from gru_sentiment.builders.corpus import Corpus, build_training_corpus
from gru_sentiment.builders.device import prepare_machine
from gru_sentiment.builders.model import build_model
from gru_sentiment.builders.text import build_encoded, build_vectors, build_vocabulary
from gru_sentiment.config.sections import Config
from gru_sentiment.data.vocab import Vocabulary
from gru_sentiment.errors import ConfigError
from gru_sentiment.machine.provenance import Stopwatch, fingerprint, provenance
from gru_sentiment.results.metrics import Calibrated, Metrics, scores_to_json
from gru_sentiment.results.training import Coverage, TrainingResult
from gru_sentiment.trained.encoder import Encoder, load_encoder
from gru_sentiment.trained.leakage import check_unseen, members_of
from gru_sentiment.trained.predictions import LabelledSplit, calibrated
from gru_sentiment.trained.reference import gaps_to_reference
from gru_sentiment.trainer.classification import Classification
from gru_sentiment.trainer.initialisation import coverage, initial_weights
from gru_sentiment.trainer.resume import TEACHER_FACT, UNLABELLED_FACT, Start, new_run, old_run
from gru_sentiment.trainer.run import Observer, TrainingRun
from gru_sentiment.trainer.teacher import Teacher
from gru_sentiment.vectors.word_vectors import WordVectors

logger = logging.getLogger(__name__)

SPLITS = ("validation", "test")
"""What is scored at the end, as far as it is there."""


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
        progress: a bar while tokenising and while a teacher is asked, not lines of the log.

    Raises:
        UserError: config, data, vectors, device or output that cannot be used. What was saved
            before stays in NAME.partial; where nothing was, nothing is left.
    """
    if config.pretraining is not None:
        raise ConfigError(
            "pretraining: the config is one of a language model",
            hint="gru-sent pretrain --config FILE, or take the section out",
        )
    with new_run(config, name=name, force=force) as start:
        return _train(start, observer, progress)


def resume(
    path: Path, observer: Observer, *, progress: bool = False, **changes: Any
) -> TrainingResult:
    """Go on with a training that was killed, to the very weights that it would have had.

    `changes` are those of `old_run`.

    Raises:
        ArtifactError: nothing to go on with, or it is written by another process, or data or
            vocabulary are not the same any more, or what is there is no network.
        ConfigError: a change of the config that cannot be made in between.
    """
    with old_run(path, pretraining=False, **changes) as start:
        return _train(start, observer, progress)


def _train(start: Start, observer: Observer, progress: bool) -> TrainingResult:
    watch = Stopwatch()
    config, writer = start.config, start.writer
    machine = prepare_machine(config, start.known.get("threads"))
    device = machine.device
    encoder = load_encoder(config.model.initialize_from) if config.model.initialize_from else None
    if encoder:
        encoder.check_fits(config)
    teacher = Teacher.of(config, writer.partial, start.known.get(TEACHER_FACT), device)
    corpus = build_training_corpus(config, progress=progress)
    if start.checkpoint is None:
        origins = _unseen_origins(config, corpus, encoder, teacher)
        writer.save_seen_texts(np.union1d(corpus.seen, origins))
    counts = corpus.tokenized.counts(corpus.trained_on)
    vocabulary = encoder.vocabulary if encoder else build_vocabulary(config.text, counts)
    taught = teacher.teach(config, corpus, progress=progress) if teacher else None
    facts = {
        "data": corpus.records.fingerprint,
        **({UNLABELLED_FACT: corpus.unlabelled.fingerprint} if corpus.unlabelled else {}),
        "vocabulary": fingerprint(vocabulary.to_text()),
        **({"encoder": encoder.fingerprint} if encoder else {}),
        **({TEACHER_FACT: taught.fingerprint} if taught else {}),
        **machine.facts(),
    }
    start.check_facts(facts)
    _log_reviews(corpus)
    vectors = encoder.word_vectors if encoder else build_vectors(config.vectors, vocabulary)
    covered = None if encoder else _coverage(vectors, vocabulary, counts)
    weights = torch.from_numpy(initial_weights(vectors, config.run.seed))
    model = build_model(config, weights, len(corpus.labels), device)
    if encoder:
        encoder.initialize(model)
    writer.save_names(vocabulary, corpus.labels)
    encoded = build_encoded(config.text, corpus.tokenized, vocabulary)
    parts = {
        split: LabelledSplit(encoded, rows, corpus.labels, corpus.label_ids)
        for split, rows in corpus.splits.items()
    }
    soft_labels = taught.probabilities if taught else None
    task = Classification(config, parts, vectors, device, soft_labels)
    fitting = TrainingRun(config, model, task, writer, device=device, facts=facts)
    fitting.begin(start.checkpoint)
    watch.ready(fitting.earlier_s)
    fitting.run(observer)
    metrics, calibration = _final_metrics(writer, fitting.evaluated, parts, device)
    about = {
        "seed": config.run.seed,
        **machine.metadata(),
        "data_fingerprint": corpus.records.fingerprint,
        "rows": {split: len(rows) for split, rows in corpus.splits.items()},
        "coverage": asdict(covered) if covered else None,
        "encoder": encoder.metadata() if encoder else None,
        "unlabelled_fingerprint": corpus.unlabelled.fingerprint if corpus.unlabelled else None,
        "teacher": taught.metadata() if taught else None,
    }
    times = watch.metadata()
    writer.write_json(METADATA, provenance() | about | fitting.metadata() | times)
    writer.finish(keep_checkpoint=config.run.keep_checkpoint)
    return TrainingResult(
        run=str(writer.path),
        metrics=metrics,
        calibration=calibration,
        best_epoch=fitting.best_epoch,
        epochs=fitting.epochs,
        stopped_by=fitting.stopped_by,
        parameters=fitting.parameters["total"],
        baseline=gaps_to_reference(
            writer.path, config, {split: scores.accuracy for split, scores in metrics.items()}
        ),
        vocabulary=len(vocabulary),
        coverage=covered,
        training_s=fitting.training_s,
        total_s=times["total_s"],
    )


def _unseen_origins(
    config: Config, corpus: Corpus, encoder: Encoder | None, teacher: Teacher | None
) -> Integers:
    """Integers of what encoder and teacher have read; none of it may be what is scored."""
    taught_by = members_of(teacher.run) if teacher and teacher.run else []
    return np.union1d(
        check_unseen([encoder] if encoder else [], corpus, config, key="model.initialize_from"),
        check_unseen(taught_by, corpus, config, key="training.unlabelled.teacher"),
    )


def _coverage(vectors: WordVectors, vocabulary: Vocabulary, counts: Mapping[str, int]) -> Coverage:
    """How much of the vocabulary the vectors know."""
    covered = coverage(vectors, vocabulary, counts)
    logger.info(
        "vocabulary: %s words; vectors %s cover %.1f %% of them and %.1f %% of the text",
        f"{len(vocabulary):,}",
        covered.vectors,
        100 * covered.types,
        100 * covered.tokens,
    )
    return covered


def _final_metrics(
    writer: RunWriter, model: nn.Module, parts: Mapping[str, LabelledSplit], device: torch.device
) -> tuple[dict[str, Metrics], Calibrated]:
    """Scores of the best weights as they are on the disk; the test part is seen this once.

    The temperature is fitted here; all scores are those of the answers at it.
    """
    best, validation = writer.load_weights(model), parts["validation"]
    raw = {name: parts[name].evaluate(best, device) for name in SPLITS if name in parts}
    told, calibration = calibrated(raw, validation.labels, validation.label_ids)
    writer.save_temperature(calibration.temperature)
    lines = told["validation"][1].lines(validation.labels, validation.label_ids)
    writer.write_lines(PREDICTIONS, lines)
    metrics = {split: scores for split, (scores, _) in told.items()}
    writer.write_json(METRICS, scores_to_json(metrics) | {"calibration": calibration.to_json()})
    return metrics, calibration


def _log_reviews(corpus: Corpus) -> None:
    sizes = ", ".join(f"{len(rows):,} {split}" for split, rows in corpus.splits.items())
    logger.info("reviews: %s; classes: %s", sizes, ", ".join(corpus.labels.names))
