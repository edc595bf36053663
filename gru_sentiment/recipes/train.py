"""Train a classifier from a config and leave a run folder; resume one that was interrupted."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from gru_sentiment.artifact.files import METRICS, PREDICTIONS
from gru_sentiment.artifact.writer import RunWriter
from gru_sentiment.builders.corpus import Corpus, build_training_corpus
from gru_sentiment.builders.device import Machine, prepare_machine
from gru_sentiment.builders.inference import build_inference
from gru_sentiment.builders.model import build_model
from gru_sentiment.builders.ngrams import check_fits
from gru_sentiment.builders.text import build_encoded
from gru_sentiment.config.sections import Config
from gru_sentiment.data.vocab import Vocabulary
from gru_sentiment.errors import ConfigError
from gru_sentiment.machine.provenance import Stopwatch, fingerprint
from gru_sentiment.results.evaluation import Against
from gru_sentiment.results.metrics import Calibrated, Metrics, scores_to_json
from gru_sentiment.results.training import TrainingResult
from gru_sentiment.trained.advice import advice
from gru_sentiment.trained.leakage import check_unseen
from gru_sentiment.trained.predictions import Predictions
from gru_sentiment.trained.reference import compared_with_reference, gaps_to_reference
from gru_sentiment.trained.scoring import FEWEST, SCORED_SPLITS, LabelledSplit, Scored, calibrate
from gru_sentiment.trainer.classification import Classification
from gru_sentiment.trainer.initialisation import (
    Initialisation,
    initial_weights,
    initialisation_of,
)
from gru_sentiment.trainer.ngrams import Joint, NgramsBeside
from gru_sentiment.trainer.resume import TEACHER_FACT, UNLABELLED_FACT, Start, new_run, old_run
from gru_sentiment.trainer.run import Observer, TrainingRun
from gru_sentiment.trainer.teacher import SoftLabels, SoftLabelSource, soft_label_source

logger = logging.getLogger(__name__)


def train(
    config: Config,
    observer: Observer,
    *,
    name: str = "run",
    force: bool = False,
    progress: bool = False,
) -> TrainingResult:
    """Train, choose the best epoch on the validation split, then score the test split once.

    Args:
        config: the whole training; `run.output` is the folder, else runs/NAME.
        observer: sees every batch and every evaluation.
        name: of the folder below runs/ where the config names none.
        force: replace an existing run.
        progress: show a bar while tokenising and while a teacher predicts, not lines of the log.

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
    path: Path,
    observer: Observer,
    *,
    config: Config | None = None,
    overrides: Sequence[str] = (),
    flags: Mapping[str, str | int] | None = None,
    progress: bool = False,
) -> TrainingResult:
    """Resume a training that was interrupted; it ends with the weights that it would have had.

    Args:
        path: the run, by its name or as NAME.partial.
        observer: sees every batch and every evaluation.
        config: the config to resume with; by default the run's own.
        overrides: `section.key=value` over the run's own config, such as more epochs.
        flags: values by key over the run's own config, from the command line.
        progress: as for `train`.

    Raises:
        ArtifactError: there is nothing to resume, another process writes it, it is no network, or
            the data or the vocabulary changed.
        ConfigError: a change of the config that would have changed what was trained so far.
    """
    with old_run(path, pretraining=False, config=config, overrides=overrides, flags=flags) as start:
        return _train(start, observer, progress)


def _train(start: Start, observer: Observer, progress: bool) -> TrainingResult:
    watch = Stopwatch()
    config, writer = start.config, start.writer
    machine = prepare_machine(config, start.known.get("threads"))
    initial = initialisation_of(config)
    teacher = soft_label_source(
        config, writer.partial, start.known.get(TEACHER_FACT), machine.device
    )
    corpus = build_training_corpus(config, progress=progress)
    if start.checkpoint is None:
        _save_seen_texts(writer, config, corpus, initial, teacher)
    if config.model.ngrams:
        check_fits(corpus)
    counts = corpus.tokenized.counts(corpus.trained_on)
    vocabulary = initial.vocabulary(counts)
    soft_labels = teacher.soft_labels(config, corpus, progress=progress) if teacher else None
    facts = _facts(corpus, vocabulary, initial, soft_labels, machine)
    start.check_facts(facts)
    _log_sizes(corpus)
    writer.save_names(vocabulary, corpus.labels)
    writer.save_inference(build_inference(config, corpus.labels))

    vectors = initial.vectors(vocabulary)
    coverage = initial.coverage(vectors, vocabulary, counts)
    weights = initial_weights(vectors, config.run.seed)
    model = build_model(
        config,
        weights,
        len(corpus.labels),
        machine.device,
        label_sets=corpus.labels.label_sets,
    )
    initial.initialize(model, corpus.labels)
    splits = _labelled_splits(config, corpus, vocabulary)
    task = Classification(
        config, splits, vectors, machine.device, soft_labels.probabilities if soft_labels else None
    )
    run = TrainingRun(start, model, task, machine=machine, facts=facts, watch=watch)
    run.train(observer)

    best = writer.load_weights(run.eval_model)
    # of the weights as they are on the disk; the test split is read this once
    scored = {
        split: splits[split].evaluate(best, machine.device)
        for split in SCORED_SPLITS
        if split in splits
    }
    writer.remove_members()
    ngrams = NgramsBeside.fit(config, writer, corpus) if config.model.ngrams else None
    joint = ngrams.join(scored, corpus) if ngrams else None
    metrics, calibration, predictions = _final_metrics(writer, scored, splits, joint)
    total_s = run.finish(
        {
            "data_fingerprint": corpus.records.fingerprint,
            "rows": {split: len(rows) for split, rows in corpus.splits.items()},
            "coverage": asdict(coverage) if coverage else None,
            "encoder": initial.metadata(),
            "unlabelled_fingerprint": corpus.unlabelled.fingerprint if corpus.unlabelled else None,
            "teacher": soft_labels.metadata() if soft_labels else None,
            **({"ngrams": ngrams.metadata(joint)} if ngrams and joint else {}),
        }
    )
    _warn(joint.scored if joint else scored, corpus.labels.names, config.data.folds)
    shares = joint.weight_of if joint else {}
    beside = _beside_reference(writer.path, config, splits["validation"], predictions)
    accuracies = {split: of_split.accuracy for split, of_split in metrics.items()}
    return TrainingResult(
        run=str(writer.path),
        metrics=metrics,
        calibration=calibration,
        members=joint.members if joint else {},
        weights=shares,
        advice=advice(config, metrics["validation"], shares, beside),
        best_epoch=run.best_epoch,
        epochs=run.epochs,
        stopped_by=run.stopped_by,
        parameters=run.parameters["total"],
        baseline=gaps_to_reference(writer.path, config, accuracies),
        vocabulary=len(vocabulary),
        coverage=coverage,
        training_s=run.training_s,
        total_s=total_s,
    )


def _save_seen_texts(
    writer: RunWriter,
    config: Config,
    corpus: Corpus,
    initial: Initialisation,
    teacher: SoftLabelSource | None,
) -> None:
    """Keep which texts the run, its encoder and its teacher read, once none is to be scored.

    Raises:
        ArtifactError: encoder or teacher has read the validation or test split.
    """
    teachers = teacher.runs if teacher else []
    by_encoder = check_unseen(initial.runs, corpus, config, key="model.initialize_from")
    by_teacher = check_unseen(teachers, corpus, config, key="training.unlabelled.teacher")
    writer.save_seen_texts(np.union1d(corpus.seen, np.union1d(by_encoder, by_teacher)))


def _facts(
    corpus: Corpus,
    vocabulary: Vocabulary,
    initial: Initialisation,
    soft_labels: SoftLabels | None,
    machine: Machine,
) -> dict[str, Any]:
    """What must be the same when the training is resumed, by name."""
    unlabelled = corpus.unlabelled
    return {
        "data": corpus.records.fingerprint,
        **({UNLABELLED_FACT: unlabelled.fingerprint} if unlabelled else {}),
        "vocabulary": fingerprint(vocabulary.to_text()),
        **initial.facts,
        **({TEACHER_FACT: soft_labels.fingerprint} if soft_labels else {}),
        **machine.facts(),
    }


def _labelled_splits(
    config: Config, corpus: Corpus, vocabulary: Vocabulary
) -> dict[str, LabelledSplit]:
    encoded = build_encoded(config.text, corpus.tokenized, vocabulary)
    return {
        split: LabelledSplit(encoded, rows, corpus.labels, corpus.label_ids, corpus.weights)
        for split, rows in corpus.splits.items()
    }


def _final_metrics(
    writer: RunWriter,
    scored: Mapping[str, Scored],
    splits: Mapping[str, LabelledSplit],
    joint: Joint | None,
) -> tuple[dict[str, Metrics], Calibrated, Predictions]:
    """Calibrate the scores of the network or, with n-grams, of both, and write them down.

    The temperature is fitted on the validation split; all scores are those at this temperature.
    Returned with both are the predictions for the validation split.
    """
    validation, prior = splits["validation"], splits["train"].prior
    calibrated, calibration = calibrate(
        joint.scored if joint else scored, validation.labels, validation.label_ids, prior
    )
    _, predictions = calibrated["validation"]
    writer.save_temperature(
        calibration.temperature,
        prior,
        joint.weights if joint else None,
        predictions.used_thresholds,
    )
    writer.write_lines(PREDICTIONS, predictions.lines(validation.labels, validation.label_ids))
    metrics = {split: of_split for split, (of_split, _) in calibrated.items()}
    others = {"members": joint.members} if joint else {}
    writer.write_json(
        METRICS, scores_to_json(metrics, **others) | {"calibration": calibration.to_json()}
    )
    return metrics, calibration, predictions


def _beside_reference(
    path: Path, config: Config, validation: LabelledSplit, predictions: Predictions
) -> Against | None:
    """The run compared with the reference baseline on the validation split, if there is one."""
    targets = validation.label_ids[validation.rows]
    true = [str(validation.labels.label_of(target)) for target in targets]
    correct = predictions.correct(targets)
    return compared_with_reference(path, config, validation.rows, true, correct)


def _warn(scored: Mapping[str, Scored], names: Sequence[str], folds: int | None) -> None:
    """Log what a user should know of the validation split before trusting the scores."""
    _, found = scored["validation"]
    if len(found.rows) < FEWEST:
        logger.warning(
            "the validation split has %d rows: its scores and the best epoch are rough, and no "
            "temperature is fitted on it; more rows, %s, would help",
            len(found.rows),
            "or fewer folds"
            if folds
            else "a larger data.validation_size, or --folds 5 for a steadier estimate",
        )
    predicted = np.flatnonzero(found.predicted())
    if len(predicted) <= 1:
        logger.warning(
            "every validation text is predicted as %s: train for more epochs, raise "
            "training.learning_rate, or set training.class_weights to balanced",
            names[predicted[0]] if len(predicted) else "no class",
        )


def _log_sizes(corpus: Corpus) -> None:
    sizes = ", ".join(f"{len(rows):,} {split}" for split, rows in corpus.splits.items())
    logger.info("reviews: %s; classes: %s", sizes, ", ".join(corpus.labels.names))
