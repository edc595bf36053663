"""Train a language model and leave an encoder run; go on with one that did not finish."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import torch

from gru_sentiment.artifact.files import ENCODER, METADATA, METRICS
from gru_sentiment.builders.corpus import build_text_corpus
from gru_sentiment.builders.device import prepare_machine
from gru_sentiment.builders.model import build_language_model
from gru_sentiment.builders.text import build_encoded, build_vectors, build_vocabulary
from gru_sentiment.config.sections import Config
from gru_sentiment.data.vocab import SPECIALS
from gru_sentiment.errors import ConfigError, DataError
from gru_sentiment.machine.provenance import Stopwatch, fingerprint, provenance
from gru_sentiment.results.training import PretrainingResult
from gru_sentiment.trainer.initialisation import initial_weights
from gru_sentiment.trainer.language_modelling import LanguageModelling
from gru_sentiment.trainer.resume import Start, new_run, old_run
from gru_sentiment.trainer.run import Observer, TrainingRun

logger = logging.getLogger(__name__)


def pretrain(
    config: Config,
    observer: Observer,
    *,
    name: str = "pretrain",
    force: bool = False,
    progress: bool = False,
) -> PretrainingResult:
    """Train a language model; its vocabulary, word vectors and layers are an encoder.

    Args:
        config: with the section `pretraining`; `run.output` is the folder, else runs/NAME.
        observer: sees every batch and every evaluation.
        name: of the folder below runs/ where the config names none.
        force: replace an existing run.
        progress: a bar while tokenising, not lines of the log.

    Raises:
        UserError: config, data, vectors, device or output that cannot be used.
    """
    if config.pretraining is None:
        raise ConfigError(
            "pretraining: the config has no such section",
            hint="see configs/pretrain.yaml; a classifier is trained by gru-sent train",
        )
    with new_run(config, name=name, force=force) as start:
        return _pretrain(start, observer, progress)


def resume(
    path: Path, observer: Observer, *, progress: bool = False, **changes: Any
) -> PretrainingResult:
    """Go on with a pre-training that was killed, to the very weights that it would have had.

    `changes` are those of `old_run`.

    Raises:
        UserError: as `old_run`, or texts or vocabulary are not the same any more.
    """
    with old_run(path, pretraining=True, **changes) as start:
        return _pretrain(start, observer, progress)


def _pretrain(start: Start, observer: Observer, progress: bool) -> PretrainingResult:
    watch = Stopwatch()
    config, writer = start.config, start.writer
    machine = prepare_machine(config, start.known.get("threads"))
    device = machine.device
    corpus = build_text_corpus(config, progress=progress)
    vocabulary = build_vocabulary(config.text, corpus.tokenized.counts(corpus.rows))
    known = len(vocabulary) - len(SPECIALS)
    if known < 2:
        raise DataError(
            f"the vocabulary holds {known} word: there is nothing to predict",
            hint="raise text.max_size, lower text.min_frequency, or add texts",
        )
    facts = {
        "data": corpus.fingerprint,
        "vocabulary": fingerprint(vocabulary.to_text()),
        **machine.facts(),
    }
    start.check_facts(facts)
    vectors = build_vectors(config.vectors, vocabulary)
    weights = torch.from_numpy(initial_weights(vectors, config.run.seed))
    model = build_language_model(config, weights, device)
    writer.save_vocabulary(vocabulary)
    writer.save_seen_texts(corpus.seen)
    encoded = build_encoded(config.text, corpus.tokenized, vocabulary)
    task = LanguageModelling(
        config,
        encoded,
        rows=corpus.rows,
        held_out=corpus.held_out,
        words=len(vocabulary),
        device=device,
    )
    _check_size(config, task)
    logger.info(
        "texts: %s to train on, %s held out; vocabulary: %s words",
        f"{len(corpus.rows):,}",
        f"{len(corpus.held_out):,}",
        f"{len(vocabulary):,}",
    )
    fitting = TrainingRun(config, model, task, writer, device=device, facts=facts)
    fitting.begin(start.checkpoint)
    watch.ready(fitting.earlier_s)
    fitting.run(observer)
    scores = fitting.best_scores
    writer.write_json(METRICS, {"held_out": scores})
    about = {
        "kind": ENCODER,
        "seed": config.run.seed,
        **machine.metadata(),
        "data_fingerprint": corpus.fingerprint,
        "rows": {"train": len(corpus.rows), "held_out": len(corpus.held_out)},
    }
    times = watch.metadata()
    writer.write_json(METADATA, provenance() | about | fitting.metadata() | times)
    writer.finish(keep_checkpoint=config.run.keep_checkpoint, latest=False)
    return PretrainingResult(
        run=str(writer.path),
        loss=scores["loss"],
        perplexity=scores["perplexity"],
        epochs=fitting.epochs,
        stopped_by=fitting.stopped_by,
        parameters=fitting.parameters["total"],
        vocabulary=len(vocabulary),
        training_s=fitting.training_s,
        total_s=times["total_s"],
        bidirectional=len(task.directions) > 1,
    )


def _check_size(config: Config, task: LanguageModelling) -> None:
    if task.n_batches(1) and len(task.held_out):
        return
    assert config.pretraining is not None
    raise DataError(
        f"too little text: {config.training.batch_size} streams of {config.pretraining.window} "
        "words cannot be filled",
        hint="lower training.batch_size or pretraining.window, or add texts",
    )
