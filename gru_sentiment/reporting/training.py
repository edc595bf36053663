"""Trainings, baselines and fusions, finished or in progress, for a terminal."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Group, RenderableType
from rich.text import Text

from gru_sentiment.reporting.metrics import metrics_table, models_table
from gru_sentiment.reporting.numbers import duration
from gru_sentiment.reporting.wording import absent_lines, baseline_line, calibration_line
from gru_sentiment.results.evaluation import BaselineGap
from gru_sentiment.results.training import (
    BaselineResult,
    EvaluationRecord,
    FusionResult,
    PretrainingResult,
    Reproduction,
    TrainingResult,
)


def training_report(result: TrainingResult) -> RenderableType:
    """Metrics by split, then the facts about the run."""
    lines = [
        f"best epoch {result.best_epoch} of {result.epochs}; stopped: {result.stopped_by}",
        f"{result.parameters:,} parameters, {result.vocabulary:,} words",
        calibration_line(result.calibration),
        f"trained in {duration(result.training_s)}, {duration(result.total_s)} in all",
        f"run folder: {result.run}",
    ]
    notes = [*absent_lines(result.metrics), *_baseline_lines(result.baseline)]
    tables = [metrics_table(result.metrics)]
    if result.members:
        tables.append(models_table({**result.members, "both": result.metrics}))
        notes += [f"weight of the {name}: {weight:.3f}" for name, weight in result.weights.items()]
    advice = [f"advice: {sentence}" for sentence in result.advice]
    return Group(*tables, *map(Text, [*notes, *advice, *lines]))


def baseline_report(result: BaselineResult) -> RenderableType:
    """Accuracy and loss of every model, and which one was saved."""
    lines = [
        f"{name}: {result.ngrams[name]:,} n-grams, fitted in {duration(seconds)}"
        for name, seconds in result.fit_s.items()
    ]
    lines += [
        f"saved: {result.model}; {duration(result.total_s)} in all",
        f"run folder: {result.run}",
    ]
    return Group(models_table(result.scores), *map(Text, lines))


def fusion_report(result: FusionResult) -> RenderableType:
    """Accuracy and loss of every member and of the fusion, and the members' weights."""
    lines = [f"weight of {name}: {weight:.3f}" for name, weight in result.weights.items()]
    lines += [*_baseline_lines(result.baseline), f"run folder: {result.run}"]
    models = {**result.scores, "fused": result.fused}
    return Group(models_table(models), *map(Text, lines))


def pretraining_report(result: PretrainingResult) -> RenderableType:
    """How well the language model predicts, and how a classifier starts from it."""
    return Group(
        Text(f"perplexity {result.perplexity:.1f} of the held-out texts (loss {result.loss:.4f})"),
        Text(f"{result.epochs} epoch(s) done; stopped: {result.stopped_by}"),
        Text(f"{result.parameters:,} parameters, {result.vocabulary:,} words"),
        Text(f"trained in {duration(result.training_s)}, {duration(result.total_s)} in all"),
        Text(f"run folder: {result.run}"),
        Text(
            "fine-tune it: gru-sent train --config configs/finetune.yaml "
            f"--set model.initialize_from={result.run} "
            f"--set model.bidirectional={str(result.bidirectional).lower()}"
        ),
    )


def reproduction_report(reproduction: Reproduction) -> RenderableType:
    """Whether a second training gave the same run, and which versions differ."""
    if reproduction.equal:
        lines = [f"{reproduction.second} has the weights and the history of {reproduction.first}"]
    elif reproduction.largest_difference is None:
        lines = ["the weights have other shapes"]
    else:
        weights = (
            "the weights are equal"
            if reproduction.equal_weights
            else f"the weights differ by {reproduction.largest_difference:.2e} at most"
        )
        history = "is equal" if reproduction.equal_history else "differs"
        lines = [f"{weights}; the history {history}"]
    lines += [f"{name}: {old} then, {new} now" for name, (old, new) in reproduction.changed.items()]
    return Group(*map(Text, lines))


def epoch_line(record: EvaluationRecord) -> str:
    """The losses and scores of an epoch, its time and its speed."""
    best = ", best so far" if record.is_best else ""
    scores = record.scores
    formats = {"accuracy": ".4f", "perplexity": ".1f"}
    others = [f", {name} {scores[name]:{form}}" for name, form in formats.items() if name in scores]
    trained = loss_and_accuracy(record.train_loss, record.train_accuracy)
    return (
        f"epoch {record.epoch}: training {trained}"
        f"; validation loss {scores['loss']:.4f}{''.join(others)}{best}; "
        f"{record.elapsed_s:.0f} s, {record.tokens_per_s:,.0f} tokens/s"
    )


def loss_and_accuracy(loss: float, accuracy: float | None) -> str:
    """Loss and, for a classifier, accuracy on the rows trained on."""
    return f"loss {loss:.4f}" + ("" if accuracy is None else f", accuracy {accuracy:.4f}")


def _baseline_lines(gaps: Mapping[str, BaselineGap]) -> list[str]:
    """How a run stands against the baseline beside it, a line for every split."""
    return [f"{split}: {baseline_line(gap)}" for split, gap in gaps.items()]
