"""Tables of metrics for a terminal."""

from __future__ import annotations

from collections.abc import Mapping

from rich.table import Table

from gru_sentiment.reporting.numbers import score
from gru_sentiment.reporting.tables import add_row, new_table
from gru_sentiment.results.metrics import Metrics, MetricsByModel

MAIN_METRICS = {
    "accuracy": "accuracy",
    "loss": "loss",
    "ROC AUC": "roc_auc",
    "macro F1": "macro_f1",
    "micro F1": "micro_f1",
}
"""Fields of `Metrics` that every report shows, by their titles."""
OF_LABEL_SETS, OF_ONE_CLASS = {"micro_f1"}, {"balanced_accuracy", "mcc"}
"""Fields that there are for texts of any number of classes alone, and of one class alone."""
ALL_RIGHT = "accuracy (all classes right)"
FURTHER_METRICS = {
    "balanced accuracy": "balanced_accuracy",
    "average precision": "average_precision",
    "MCC": "mcc",
    "Brier score": "brier",
    "calibration error": "ece",
}
"""Those that an evaluation shows too."""


def metrics_table(
    metrics: Mapping[str, Metrics], titles: Mapping[str, str] = MAIN_METRICS
) -> Table:
    """A column for every split or file; `titles` maps the title of a row to a field."""
    table = new_table("", *metrics)
    add_row(table, "reviews", *(f"{m.n:,}" for m in metrics.values()))
    label_sets = any(m.micro_f1 is not None for m in metrics.values())
    for title, name in titles.items():
        if name not in (OF_ONE_CLASS if label_sets else OF_LABEL_SETS):
            shown = ALL_RIGHT if label_sets and name == "accuracy" else title
            add_row(table, shown, *(score(getattr(m, name)) for m in metrics.values()))
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


def models_table(metrics: MetricsByModel) -> Table:
    """A row for every model: its accuracy and loss by split."""
    splits = list(next(iter(metrics.values())))
    titles = [f"{split} {name}" for name in ("accuracy", "loss") for split in splits]
    table = new_table("", *titles)
    for model, by_split in metrics.items():
        accuracies = (score(by_split[split].accuracy) for split in splits)
        losses = (score(by_split[split].loss) for split in splits)
        add_row(table, model, *accuracies, *losses)
    return table


def confusion_table(metrics: Metrics) -> Table:
    """True classes by row, predicted ones by column."""
    table = new_table("true \\ predicted", *metrics.per_class)
    for name, row in zip(metrics.per_class, metrics.confusion_matrix, strict=True):
        add_row(table, name, *(f"{n:,}" for n in row))
    return table
