"""What a training, a baseline or a fusion came to, for a terminal."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from gru_sentiment.reporting.evaluation import metrics_table, reference_sentence
from gru_sentiment.reporting.tables import add_row, new_table
from gru_sentiment.reporting.units import duration
from gru_sentiment.reporting.wording import absent_lines, calibration_line, score
from gru_sentiment.results.evaluation import BaselineGap
from gru_sentiment.results.metrics import Scores
from gru_sentiment.results.training import (
    BaselineResult,
    Comparison,
    EvaluationRecord,
    FusionResult,
    PretrainingResult,
    TrainingResult,
)


def training_report(result: TrainingResult) -> RenderableType:
    """Scores by split, and what the run was."""
    lines = [
        f"best epoch {result.best_epoch} of {result.epochs}; stopped because {result.stopped_by}",
        f"{result.parameters:,} parameters, {result.vocabulary:,} words",
        calibration_line(result.calibration),
        f"trained in {duration(result.training_s)}, {duration(result.total_s)} in all",
        f"run folder: {result.run}",
    ]
    notes = [*absent_lines(result.metrics), *reference_lines(result.baseline)]
    return Group(metrics_table(result.metrics), *map(Text, [*notes, *lines]))


def baseline_report(result: BaselineResult) -> RenderableType:
    """Scores of every baseline, and which one was saved."""
    lines = [
        f"{name}: {result.ngrams[name]:,} n-grams, fitted in {duration(seconds)}"
        for name, seconds in result.fit_s.items()
    ]
    lines += [
        f"saved: {result.model}; {duration(result.total_s)} in all",
        f"run folder: {result.run}",
    ]
    return Group(scores_table(result.scores), *map(Text, lines))


def fusion_report(result: FusionResult) -> RenderableType:
    """Scores of every member and of all together, and the members' weights."""
    lines = [f"weight of {name}: {weight:.3f}" for name, weight in result.weights.items()]
    lines += [*reference_lines(result.baseline), f"run folder: {result.run}"]
    scores = {**result.scores, "fused": result.fused}
    return Group(scores_table(scores), *map(Text, lines))


def reference_lines(gaps: Mapping[str, BaselineGap]) -> list[str]:
    """How a run stands against its baseline, a line a split."""
    return [f"{split}: {reference_sentence(gap)}" for split, gap in gaps.items()]


def scores_table(scores: Scores) -> Table:
    """A row a model, accuracy and loss by split."""
    splits = list(next(iter(scores.values())))
    names = [f"{split} {score}" for score in ("accuracy", "loss") for split in splits]
    table = new_table("", *names)
    for name, of_splits in scores.items():
        accuracies = (score(of_splits[split].accuracy) for split in splits)
        losses = (score(of_splits[split].loss) for split in splits)
        add_row(table, name, *accuracies, *losses)
    return table


def pretraining_report(result: PretrainingResult) -> RenderableType:
    """How well the language model predicts, and what to do with it."""
    return Group(
        Text(f"perplexity {result.perplexity:.1f} of the held-out texts (loss {result.loss:.4f})"),
        Text(f"{result.epochs} epoch(s) done; stopped because {result.stopped_by}"),
        Text(f"{result.parameters:,} parameters, {result.vocabulary:,} words"),
        Text(f"trained in {duration(result.training_s)}, {duration(result.total_s)} in all"),
        Text(f"run folder: {result.run}"),
        Text(
            "fine-tune it: gru-sent train --config configs/finetune.yaml "
            f"--set model.initialize_from={result.run} "
            f"--set model.bidirectional={str(result.bidirectional).lower()}"
        ),
    )


def comparison_report(comparison: Comparison) -> RenderableType:
    """Whether two runs are the same, and what differs around them."""
    if comparison.equal:
        lines = [f"{comparison.second} has the weights and the history of {comparison.first}"]
    elif comparison.largest_difference is None:
        lines = ["the weights have other shapes"]
    else:
        weights = (
            "the weights are equal"
            if comparison.equal_weights
            else f"the weights differ by {comparison.largest_difference:.2e} at most"
        )
        history = "is equal" if comparison.equal_history else "differs"
        lines = [f"{weights}; the history {history}"]
    lines += [f"{name}: {old} then, {new} now" for name, (old, new) in comparison.changed.items()]
    return Group(*map(Text, lines))


def epoch_line(record: EvaluationRecord) -> str:
    """What an epoch came to."""
    best = ", best so far" if record.is_best else ""
    scores = record.scores
    shown = {"accuracy": ".4f", "perplexity": ".1f"}
    found = [f", {name} {scores[name]:{form}}" for name, form in shown.items() if name in scores]
    trained = loss_and_accuracy(record.train_loss, record.train_accuracy)
    return (
        f"epoch {record.epoch}: training {trained}"
        f"; validation loss {scores['loss']:.4f}{''.join(found)}{best}; "
        f"{record.elapsed_s:.0f} s, {record.tokens_per_s:,.0f} tokens/s"
    )


def loss_and_accuracy(loss: float, accuracy: float | None) -> str:
    """What is known of the rows trained on."""
    return f"loss {loss:.4f}" + ("" if accuracy is None else f", accuracy {accuracy:.4f}")
