"""Train a language model and leave an encoder run; resume one that was interrupted."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

from gru_sentiment.artifact.files import ENCODER, METRICS
from gru_sentiment.builders.corpus import TextCorpus, build_text_corpus
from gru_sentiment.builders.device import prepare_machine
from gru_sentiment.builders.model import build_language_model
from gru_sentiment.builders.text import build_encoded
from gru_sentiment.config.sections import Config
from gru_sentiment.data.vocab import SPECIALS, Vocabulary
from gru_sentiment.errors import ConfigError, DataError
from gru_sentiment.machine.provenance import Stopwatch, fingerprint
from gru_sentiment.results.training import PretrainingResult
from gru_sentiment.trainer.initialisation import FromVectors, initial_weights
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
    path: Path,
    observer: Observer,
    *,
    config: Config | None = None,
    overrides: Sequence[str] = (),
    flags: Mapping[str, str | int] | None = None,
    progress: bool = False,
) -> PretrainingResult:
    """Resume a pre-training that was interrupted; it ends with the weights that it would have had.

    The arguments are those of `recipes.train.resume`.

    Raises:
        UserError: there is nothing to resume, another process writes it, or the config, the texts
            or the vocabulary changed.
    """
    with old_run(path, pretraining=True, config=config, overrides=overrides, flags=flags) as start:
        return _pretrain(start, observer, progress)


def _pretrain(start: Start, observer: Observer, progress: bool) -> PretrainingResult:
    watch = Stopwatch()
    config, writer = start.config, start.writer
    machine = prepare_machine(config, start.known.get("threads"))
    initial = FromVectors(config)
    corpus = build_text_corpus(config, progress=progress)
    vocabulary = initial.vocabulary(corpus.tokenized.counts(corpus.rows))
    _check_vocabulary(vocabulary)
    facts = {
        "data": corpus.fingerprint,
        "vocabulary": fingerprint(vocabulary.to_text()),
        **machine.facts(),
    }
    start.check_facts(facts)
    writer.save_vocabulary(vocabulary)
    writer.save_seen_texts(corpus.seen)

    weights = initial_weights(initial.vectors(vocabulary), config.run.seed)
    model = build_language_model(config, weights, machine.device)
    task = LanguageModelling(
        config,
        build_encoded(config.text, corpus.tokenized, vocabulary),
        rows=corpus.rows,
        held_out=corpus.held_out,
        words=len(vocabulary),
        device=machine.device,
    )
    _check_size(config, task)
    _log_sizes(corpus, vocabulary)
    run = TrainingRun(start, model, task, machine=machine, facts=facts, watch=watch)
    run.train(observer)

    scores = run.best_scores
    writer.write_json(METRICS, {"held_out": scores})
    total_s = run.finish(
        {
            "kind": ENCODER,
            "data_fingerprint": corpus.fingerprint,
            "rows": {"train": len(corpus.rows), "held_out": len(corpus.held_out)},
        },
        latest=False,
    )
    return PretrainingResult(
        run=str(writer.path),
        loss=scores["loss"],
        perplexity=scores["perplexity"],
        epochs=run.epochs,
        stopped_by=run.stopped_by,
        parameters=run.parameters["total"],
        vocabulary=len(vocabulary),
        training_s=run.training_s,
        total_s=total_s,
        bidirectional=len(task.directions) > 1,
    )


def _check_vocabulary(vocabulary: Vocabulary) -> None:
    known = len(vocabulary) - len(SPECIALS)
    if known < 2:
        raise DataError(
            f"the vocabulary holds {known} word: there is nothing to predict",
            hint="raise text.max_size, lower text.min_frequency, or add texts",
        )


def _log_sizes(corpus: TextCorpus, vocabulary: Vocabulary) -> None:
    logger.info(
        "texts: %s to train on, %s held out; vocabulary: %s words",
        f"{len(corpus.rows):,}",
        f"{len(corpus.held_out):,}",
        f"{len(vocabulary):,}",
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
