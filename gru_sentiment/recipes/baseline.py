"""Fit linear models on exactly the parts of a config: what a network must beat."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from gru_sentiment.artifact.files import KIND, METADATA, METRICS, PREDICTIONS
from gru_sentiment.artifact.folders import free_run_path
from gru_sentiment.artifact.writer import RunWriter
from gru_sentiment.builders.corpus import Corpus, build_corpus
from gru_sentiment.builders.inference import build_inference
from gru_sentiment.builders.ngrams import MODEL_NAMES, build_ngrams, library_version
from gru_sentiment.config.sections import Config
from gru_sentiment.errors import ConfigError
from gru_sentiment.machine.provenance import Stopwatch, provenance
from gru_sentiment.results.metrics import Calibrated, MetricsByModel, scores_to_json
from gru_sentiment.results.training import BaselineResult
from gru_sentiment.trained.baseline import Baseline, baseline_kind, to_tensors
from gru_sentiment.trained.scoring import SCORED_SPLITS, Scored, calibrate, score_predictions

ScoredSplits = tuple[dict[str, Scored], Calibrated]
"""Scores and predictions by split, and the temperature that they are at."""


def baseline(
    config: Config,
    *,
    output: Path | None = None,
    model: str | None = None,
    force: bool = False,
    progress: bool = False,
) -> BaselineResult:
    """Fit all baselines, score them on the validation and test parts, and save one as a run.

    Every word of the training part that an n-gram could hold is known and every text is read
    whole, whatever the config's text section cuts; data, split and tokenizer are the config's.
    Nothing is random but the split.

    Args:
        config: of a network's training.
        output: the run folder; by default runs/baseline, whatever `run.output` says.
        model: the one to save: majority, tfidf or nb; by default the best on the validation part,
            the simpler one where two are equal.
        force: replace an existing run.
        progress: a bar while tokenising, not lines of the log.

    Raises:
        MissingPackageError: scikit-learn is not installed.
        UserError: config, data or output that cannot be used.
    """
    if model is not None and model not in MODEL_NAMES:
        known = ", ".join(MODEL_NAMES)
        raise ConfigError(f"--model {model}: there is none", hint=f"choose {known}")
    scikit_learn = library_version()
    watch = Stopwatch()
    with RunWriter(output or free_run_path("baseline"), force=force) as writer:
        config = config.model_copy(update={"run": config.run.model_copy(update={"output": output})})
        corpus = build_corpus(config, progress=progress)
        fitted, fit_s = _fit(config, corpus, writer.path)
        scored = {name: _score(corpus, one) for name, one in fitted.items()}
        scores = _scores(scored)
        chosen = model or max(scores, key=lambda name: scores[name]["validation"].accuracy)
        ngrams = {name: len(one.model.features.keys) for name, one in fitted.items()}
        about: dict[str, Any] = {
            "model": chosen,
            "scikit_learn": scikit_learn,
            "ngrams": ngrams,
            "fit_s": fit_s,
            **watch.metadata(),
        }
        _save(writer, corpus, fitted[chosen], scored, about)
        writer.finish()
    return BaselineResult(
        run=str(writer.path),
        model=chosen,
        scores=scores,
        ngrams=ngrams,
        fit_s=fit_s,
        total_s=about["total_s"],
    )


def _fit(
    config: Config, corpus: Corpus, path: Path
) -> tuple[dict[str, Baseline], dict[str, float]]:
    """All baselines, and how many seconds each took."""
    built = build_ngrams(corpus, MODEL_NAMES)
    fitted = {
        name: Baseline(path, built.vocabulary, corpus.labels, model, config=config)
        for name, model in built.models.items()
    }
    return fitted, built.fit_s


def _score(corpus: Corpus, run: Baseline) -> ScoredSplits:
    """Scores and predictions by split, at the temperature that fits the validation split best."""
    labels, label_ids = corpus.labels, corpus.label_ids
    raw = {
        split: score_predictions(
            partial(run.predict, corpus.tokenized, corpus.splits[split]), labels, label_ids
        )
        for split in SCORED_SPLITS
        if split in corpus.splits
    }
    return calibrate(raw, labels, label_ids)


def _scores(scored: Mapping[str, ScoredSplits]) -> MetricsByModel:
    return {
        name: {split: metrics for split, (metrics, _) in parts.items()}
        for name, (parts, _) in scored.items()
    }


def _save(
    writer: RunWriter,
    corpus: Corpus,
    run: Baseline,
    scored: Mapping[str, ScoredSplits],
    about: Mapping[str, Any],
) -> None:
    """The run folder, the weights last: without them an interruption leaves nothing."""
    name, scores = about["model"], _scores(scored)
    splits, calibration = scored[name]
    writer.save_config(run.config)
    writer.save_names(run.vocabulary, run.labels)
    writer.save_inference(build_inference(run.config))
    writer.save_seen_texts(corpus.seen)
    writer.write_json(KIND, baseline_kind(run.model, name))
    _, predictions = splits["validation"]
    writer.write_lines(PREDICTIONS, predictions.lines(corpus.labels, corpus.label_ids))
    own = scores_to_json(scores[name], models=scores)
    writer.write_json(METRICS, own | {"calibration": calibration.to_json()})
    facts = {
        "data_fingerprint": corpus.records.fingerprint,
        "rows": {split: len(rows) for split, rows in corpus.splits.items()},
    }
    writer.write_json(METADATA, provenance() | facts | dict(about))
    writer.save_weights(to_tensors(run.model))
    writer.save_temperature(calibration.temperature)
