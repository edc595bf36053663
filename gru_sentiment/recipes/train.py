"""Train a classifier from a config and leave a run folder; go on with one that did not finish."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from gru_sentiment.artifact.contents import load_run_config
from gru_sentiment.artifact.files import CONFIG, METADATA, METRICS, PREDICTIONS, finished_of
from gru_sentiment.artifact.reader import check_is_net
from gru_sentiment.artifact.writer import RunWriter, free_run_path, unfinished
from gru_sentiment.build import (
    Corpus,
    build_corpus,
    build_device,
    build_encoded,
    build_model,
    build_vectors,
    build_vocabulary,
)
from gru_sentiment.config import Config
from gru_sentiment.config_changes import check_extension
from gru_sentiment.config_file import load_config
from gru_sentiment.data.vectors import coverage, initial_weights
from gru_sentiment.data.vocab import Vocabulary
from gru_sentiment.errors import ArtifactError
from gru_sentiment.evaluation import Part
from gru_sentiment.fitting import Fitting, Observer
from gru_sentiment.provenance import peak_memory_mib, provenance
from gru_sentiment.results import Coverage, Metrics, TrainingResult
from gru_sentiment.training.seeding import refuse_randomness, seed_everything, set_threads
from gru_sentiment.yardstick import gaps_beside

logger = logging.getLogger(__name__)

Checkpoint = tuple[Mapping[str, Tensor], Mapping[str, Any]]


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
        UserError: config, data, vectors, device or output that cannot be used. What was saved
            before stays in NAME.partial; where nothing was, nothing is left.
    """
    with RunWriter(config.run.output or free_run_path(name), force=force) as writer:
        writer.save_config(config)
        return _train(config, observer, writer, None, progress)


def resume(
    path: Path,
    observer: Observer,
    *,
    config: Config | None = None,
    overrides: Sequence[str] = (),
    flags: Mapping[str, str | int] | None = None,
    progress: bool = False,
) -> TrainingResult:
    """Go on with a training that was killed, to the very weights that it would have had.

    Args:
        path: the run, by its name or as NAME.partial.
        observer: sees every batch and every evaluation.
        config: what the run must have been started with; by default its own config.
        overrides: `section.key=value` over its own config, such as more epochs.
        flags: values by key over its own config, from the command line.
        progress: show the tokeniser's progress bar.

    Raises:
        ArtifactError: nothing to go on with, or it is written by another process, or data or
            vocabulary are not the same any more, or what is there is no network.
        ConfigError: a change of the config that cannot be made in between.
    """
    path = finished_of(path)
    folder = unfinished(path)
    check_is_net(folder)
    before = load_run_config(folder)
    after = config or load_config(folder / CONFIG, overrides, flags)
    for change in check_extension(before, after):
        logger.info("changed: %s", change)
    with RunWriter(path, resume=True) as writer:
        writer.save_config(after)
        return _train(after, observer, writer, writer.checkpoints.newest(), progress)


def _train(
    config: Config,
    observer: Observer,
    writer: RunWriter,
    checkpoint: Checkpoint | None,
    progress: bool,
) -> TrainingResult:
    started, started_at = time.perf_counter(), datetime.now(UTC)
    known: dict[str, Any] = checkpoint[1]["facts"] if checkpoint else {}
    device = build_device(config.run.device)
    if config.run.deterministic and device.type == "cuda":
        refuse_randomness()
    threads = set_threads(config.run.threads or known.get("threads"))
    seed_everything(config.run.seed)
    corpus = build_corpus(config, progress=progress)
    counts = corpus.tokenized.counts(corpus.splits["train"])
    vocabulary = build_vocabulary(config.text, counts)
    facts = _facts(corpus, vocabulary, threads, device)
    _check_facts(known, facts)
    vectors = build_vectors(config.vectors, vocabulary)
    covered = coverage(vectors, vocabulary, counts)
    _log_setup(corpus, len(vocabulary), covered)
    weights = torch.from_numpy(initial_weights(vectors, config.run.seed))
    model = build_model(config, weights, len(corpus.labels), device)
    writer.save_names(vocabulary, corpus.labels)
    encoded = build_encoded(config.text, corpus.tokenized, vocabulary)
    parts = {
        split: Part(encoded, rows, corpus.labels, corpus.label_ids)
        for split, rows in corpus.splits.items()
    }
    fitting = Fitting(config, model, parts, writer, device=device, facts=facts)
    if checkpoint:
        fitting.restore(*checkpoint)
    else:
        writer.cut_history(0)
    startup_s = time.perf_counter() - started
    fitting.run(observer)
    metrics = _final_metrics(writer, fitting.evaluated, parts, device)
    total_s = time.perf_counter() - started
    parameters = {name: _count(module) for name, module in model.named_children()}
    about = {
        "seed": config.run.seed,
        "device": str(device),
        "threads": threads,
        "data_fingerprint": corpus.records.fingerprint,
        "rows": {split: len(rows) for split, rows in corpus.splits.items()},
        "parameters": {"total": _count(model), **parameters},
        "coverage": asdict(covered),
        "best_epoch": fitting.best_epoch,
        "epochs": fitting.epochs,
        "stopped_by": fitting.stopped_by,
    }
    clock = {
        "started_at": started_at.isoformat(timespec="seconds"),
        "startup_s": startup_s,
        "training_s": fitting.training_s,
        "checkpoint_s": fitting.checkpoint_s,
        "total_s": total_s,
        "peak_memory_mib": peak_memory_mib(),
    }
    writer.write_json(METADATA, provenance() | about | clock)
    writer.finish(keep_checkpoint=config.run.keep_checkpoint)
    return TrainingResult(
        run=str(writer.path),
        metrics=metrics,
        best_epoch=fitting.best_epoch,
        epochs=fitting.epochs,
        stopped_by=fitting.stopped_by,
        baseline=gaps_beside(
            writer.path, config, {split: scores.accuracy for split, scores in metrics.items()}
        ),
        parameters=_count(model),
        vocabulary=len(vocabulary),
        coverage=covered,
        training_s=fitting.training_s,
        total_s=total_s,
    )


def _facts(
    corpus: Corpus, vocabulary: Vocabulary, threads: int, device: torch.device
) -> dict[str, Any]:
    """What the weights depend on besides the config."""
    return {
        "data": corpus.records.fingerprint,
        "vocabulary": hashlib.sha256(vocabulary.to_text().encode()).hexdigest(),
        "threads": threads,
        "device": device.type,
        "torch": torch.__version__,
    }


def _check_facts(known: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Compare with those of a checkpoint, if there is one."""
    changed = {name: (known[name], now[name]) for name in known if known[name] != now[name]}
    for name in ("data", "vocabulary"):
        if name in changed:
            before, after = changed[name]
            raise ArtifactError(
                f"the {name} changed since the training began (fingerprint {before[:12]}…, now "
                f"{after[:12]}…)",
                hint="put the old reviews back, or start a new training",
            )
    for name, (before, after) in changed.items():
        logger.warning(
            "%s: %s when the training began, %s now; the weights may differ in the last digits",
            name,
            before,
            after,
        )


def _final_metrics(
    writer: RunWriter, model: nn.Module, parts: Mapping[str, Part], device: torch.device
) -> dict[str, Metrics]:
    """Scores of the best weights as they are on the disk; the test part is seen this once."""
    best, metrics = writer.load_weights(model), {}
    for name in ("validation", "test"):
        if name not in parts:
            continue
        metrics[name], answers = parts[name].evaluate(best, device)
        if name == "validation":
            part = parts[name]
            writer.write_lines(PREDICTIONS, answers.lines(part.labels, part.label_ids))
    writer.write_json(METRICS, {split: scores.to_json() for split, scores in metrics.items()})
    return metrics


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
