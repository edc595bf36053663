"""Results as tables and sentences for a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from gru_sentiment.reporting.tables import add_row, gates_table, new_table, threshold_table
from gru_sentiment.reporting.wording import (
    absent_lines,
    calibration_line,
    comparison_lines,
    interval,
    score,
    slice_title,
    threshold_line,
    verdict,
)
from gru_sentiment.results.data import DataReport
from gru_sentiment.results.evaluation import BaselineGap, Evaluation, SliceScore
from gru_sentiment.results.metrics import Metrics, Scores
from gru_sentiment.results.predictions import FileScoring, Prediction
from gru_sentiment.results.training import (
    BaselineResult,
    Comparison,
    Coverage,
    EvaluationRecord,
    FusionResult,
    PretrainingResult,
    TrainingResult,
)

SCORES = {
    "accuracy": "accuracy",
    "loss": "loss",
    "ROC AUC": "roc_auc",
    "macro F1": "macro_f1",
}
MORE_SCORES = {
    "balanced accuracy": "balanced_accuracy",
    "average precision": "average_precision",
    "MCC": "mcc",
    "Brier score": "brier",
    "calibration error": "ece",
}

BAR = 30
"""Characters of a full probability bar."""
PIPE_WIDTH = 200
"""Columns where there is no terminal: wide enough not to break a line that a program reads."""


def console() -> Console:
    """Standard output, as wide as the terminal."""
    return Console(width=None if sys.stdout.isatty() else PIPE_WIDTH)


def training_report(result: TrainingResult) -> RenderableType:
    """Scores by split, and what the run was."""
    lines = [
        f"best epoch {result.best_epoch} of {result.epochs}; stopped because {result.stopped_by}",
        f"{result.parameters:,} parameters, {result.vocabulary:,} words",
        calibration_line(result.calibration),
        f"trained in {_duration(result.training_s)}, {_duration(result.total_s)} in all",
        f"run folder: {result.run}",
    ]
    notes = [*absent_lines(result.metrics), *gap_lines(result.baseline)]
    return Group(metrics_table(result.metrics), *map(Text, [*notes, *lines]))


def baseline_report(result: BaselineResult) -> RenderableType:
    """Scores of every baseline, and which one was saved."""
    lines = [
        f"{name}: {result.ngrams[name]:,} n-grams, fitted in {_duration(seconds)}"
        for name, seconds in result.fit_s.items()
    ]
    lines += [
        f"saved: {result.model}; {_duration(result.total_s)} in all",
        f"run folder: {result.run}",
    ]
    return Group(scores_table(result.scores), *map(Text, lines))


def fusion_report(result: FusionResult) -> RenderableType:
    """Scores of every member and of all together, and the members' weights."""
    lines = [f"weight of {name}: {weight:.3f}" for name, weight in result.weights.items()]
    lines += [*gap_lines(result.baseline), f"run folder: {result.run}"]
    scores = {**result.scores, "fused": result.fused}
    return Group(scores_table(scores), *map(Text, lines))


def gap_lines(gaps: Mapping[str, BaselineGap]) -> list[str]:
    """How a run stands against its baseline, a line a split."""
    return [f"{split}: {gap_sentence(gap)}" for split, gap in gaps.items()]


def gap_sentence(gap: BaselineGap) -> str:
    """Whether a run beats its baseline."""
    beside = f"({gap.run}: {gap.accuracy:.4f})"
    if not gap.points:
        return f"as accurate as the baseline {beside}"
    verb = "beats" if gap.points > 0 else "misses"
    return f"{verb} the baseline by {abs(gap.points):.2f} points {beside}"


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
        Text(f"trained in {_duration(result.training_s)}, {_duration(result.total_s)} in all"),
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


def evaluation_report(evaluation: Evaluation) -> RenderableType:
    """Scores, where the errors are, and what came of the gates, the comparison and the slices."""
    metrics = evaluation.metrics
    parts: list[RenderableType] = [
        Text(f"{evaluation.run} on {evaluation.data}"),
        metrics_table({evaluation.data: metrics}, SCORES | MORE_SCORES),
        confusion_table(metrics),
        Text(f"accuracy, 95 % interval: {interval(*metrics.accuracy_interval)}"),
        *map(Text, absent_lines({evaluation.data: metrics})),
    ]
    if metrics.empty_texts:
        parts.append(Text(f"{metrics.empty_texts:,} texts hold no word"))
    if evaluation.against:
        parts += map(Text, comparison_lines(evaluation.against))
    parts += [_slices_table(name, scores) for name, scores in evaluation.slices.items()]
    if evaluation.threshold:
        found = evaluation.threshold
        parts += [threshold_table(found), Text(threshold_line(found))]
    if evaluation.gates:
        parts += [gates_table(evaluation), Text(verdict(evaluation))]
    if evaluation.baseline:
        parts.append(Text(gap_sentence(evaluation.baseline)))
    return Group(*parts)


def _slices_table(name: str, scores: list[SliceScore]) -> Table:
    table = new_table(slice_title(name), "rows", "accuracy", "95 % interval")
    for s in scores:
        add_row(table, s.name, f"{s.n:,}", score(s.accuracy), interval(s.low, s.high))
    return table


def metrics_table(metrics: dict[str, Metrics], scores: Mapping[str, str] = SCORES) -> Table:
    """One column a split; `scores` are fields of the metrics by their titles."""
    table = new_table("", *metrics)
    add_row(table, "reviews", *(f"{m.n:,}" for m in metrics.values()))
    for title, name in scores.items():
        add_row(table, title, *(score(getattr(m, name)) for m in metrics.values()))
    classes = next(iter(metrics.values())).per_class
    for name in classes:
        for title in ("precision", "recall", "f1"):
            values = (
                score(None if name in m.absent_classes else getattr(m.per_class[name], title))
                for m in metrics.values()
            )
            add_row(table, f"{title} of {name}", *values)
    add_row(table, "tokens/s", *(f"{m.tokens_per_s:,.0f}" for m in metrics.values()))
    return table


def confusion_table(metrics: Metrics) -> Table:
    """True classes by row, predicted ones by column."""
    table = new_table("true \\ predicted", *metrics.per_class)
    for name, row in zip(metrics.per_class, metrics.confusion_matrix, strict=True):
        add_row(table, name, *(f"{n:,}" for n in row))
    return table


def prediction_report(prediction: Prediction, *, terminal: bool) -> RenderableType:
    """The label and its probability; on a terminal a bar for every class."""
    probability = prediction.probabilities[str(prediction.label)]
    lines = [Text(f"{prediction.label} ({probability:.1%})")]
    if terminal:
        width = max(map(len, prediction.probabilities))
        for name, value in prediction.probabilities.items():
            lines.append(Text(f"  {name:>{width}} {value:6.1%} {'█' * round(BAR * value)}"))
    if prediction.tokens == 0:
        lines.append(Text("the text holds no word; this is what the model says of nothing"))
    elif prediction.unknown_tokens == prediction.tokens:
        lines.append(Text("none of the words is known to the model"))
    if prediction.truncated:
        lines.append(Text(f"only {prediction.tokens:,} words were read, the middle was left out"))
    return Group(*lines)


def scoring_line(scoring: FileScoring) -> str:
    """How many rows were answered, how many were bad, and how fast it went."""
    rows = scoring.rows - scoring.done_before
    after = f" after the {scoring.done_before:,} that were done" if scoring.done_before else ""
    line = (
        f"{_rows(rows)}{after} in {_duration(scoring.elapsed_s)}, "
        f"{rows / scoring.elapsed_s:,.0f} rows/s"
    )
    if not scoring.bad_rows:
        return line
    return f"{line}; {_rows(scoring.bad_rows, 'bad row')}, the first: {scoring.first_error}"


def data_report(report: DataReport) -> RenderableType:
    """Everything that `data check` found."""
    table = new_table("", *report.splits)
    splits = list(report.splits.values())
    add_row(table, "rows", *(f"{s.rows:,}" for s in splits))
    for label in splits[0].labels:
        add_row(table, label, *(_share(s.labels[label], s.rows) for s in splits))
    add_row(table, "empty texts", *(f"{s.empty_texts:,}" for s in splits))
    add_row(table, "duplicate texts", *(f"{s.duplicate_texts:,}" for s in splits))
    for percentile in splits[0].lengths:
        title = "words, longest" if percentile == "100 %" else f"words, {percentile} have at most"
        add_row(table, title, *(f"{s.lengths[percentile]:,}" for s in splits))
    add_row(table, "truncated", *(f"{s.truncated:.1%}" for s in splits))
    add_row(table, "out of vocabulary", *(f"{s.out_of_vocabulary:.2%}" for s in splits))
    lines = [f"texts in both {pair}: {n:,}" for pair, n in report.overlaps.items()]
    lines += [f"vocabulary: {report.vocabulary:,} words", *_coverage_lines(report.coverage)]
    lines += [f"warning: {warning}" for warning in report.warnings]
    return Group(table, *map(Text, lines))


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


def _coverage_lines(coverage: Coverage | None) -> Iterable[str]:
    if coverage is None:
        return
    yield (
        f"vectors: {coverage.vectors} cover {coverage.types:.1%} of the vocabulary, "
        f"{coverage.tokens:.1%} of the known text"
    )
    if coverage.most_frequent_missing:
        words = ", ".join(f"{word!r} ({n:,})" for word, n in coverage.most_frequent_missing)
        yield f"most frequent words without a vector: {words}"


def _rows(n: int, name: str = "row") -> str:
    return f"{n:,} {name}{'' if n == 1 else 's'}"


def _share(part: int, whole: int) -> str:
    return f"{part:,} ({part / max(whole, 1):.1%})"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
