"""Scores of predictions: counts over the whole split, divided once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gru_sentiment.results import ClassMetrics, Metrics

Floats = np.ndarray[Any, np.dtype[np.float64]]
Integers = np.ndarray[Any, np.dtype[np.int64]]


def classification_metrics(
    log_probabilities: Floats, labels: Integers, names: Sequence[str], **counts: Any
) -> Metrics:
    """Metrics of log probabilities (rows, classes) against class indices (rows,).

    `names` are the classes as text; `counts` go into the result as they are.
    """
    predicted = log_probabilities.argmax(axis=1)
    confusion = np.zeros((len(names), len(names)), np.int64)
    np.add.at(confusion, (labels, predicted), 1)
    hits, true, claimed = confusion.diagonal(), confusion.sum(axis=1), confusion.sum(axis=0)
    precision, recall = _ratio(hits, claimed), _ratio(hits, true)
    f1 = _ratio(2 * hits, true + claimed)
    return Metrics(
        n=len(labels),
        loss=float(-log_probabilities[np.arange(len(labels)), labels].mean()),
        accuracy=float(hits.sum() / len(labels)),
        macro_precision=float(precision.mean()),
        macro_recall=float(recall.mean()),
        macro_f1=float(f1.mean()),
        roc_auc=_mean_auc(log_probabilities, labels),
        per_class={
            name: ClassMetrics(float(precision[i]), float(recall[i]), float(f1[i]), int(true[i]))
            for i, name in enumerate(names)
        },
        confusion_matrix=confusion.tolist(),
        **counts,
    )


def roc_auc(scores: Floats, positive: np.ndarray[Any, np.dtype[np.bool_]]) -> float | None:
    """Probability that a positive row scores above a negative one, ties counted half.

    The Mann-Whitney statistic of the ranks (Hanley & McNeil 1982); None without both kinds.
    """
    n_positive, n_negative = int(positive.sum()), int((~positive).sum())
    if not n_positive or not n_negative:
        return None
    _, group, sizes = np.unique(scores, return_inverse=True, return_counts=True)
    mean_rank = np.cumsum(sizes) - (sizes - 1) / 2
    above = mean_rank[group][positive].sum() - n_positive * (n_positive + 1) / 2
    return float(above / (n_positive * n_negative))


def _mean_auc(log_probabilities: Floats, labels: Integers) -> float | None:
    classes = log_probabilities.shape[1]
    if classes == 2:  # odds, which keep apart what both round to a probability of 1
        return roc_auc(log_probabilities[:, 1] - log_probabilities[:, 0], labels == 1)
    areas = [roc_auc(log_probabilities[:, c], labels == c) for c in range(classes)]
    known = [area for area in areas if area is not None]
    return float(np.mean(known)) if len(known) == classes else None


def _ratio(part: Integers, whole: Integers) -> Floats:
    """part / whole, 0 where there is nothing to divide by."""
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)
