"""Advice after a training: there where something else is likely to be better, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest

from gru_sentiment.config.sections import Config
from gru_sentiment.config.training import TrainingConfig
from gru_sentiment.results.evaluation import Against
from gru_sentiment.scores.comparison import compare_with
from gru_sentiment.scores.metrics import classification_metrics
from gru_sentiment.trained.advice import advice

EVEN = classification_metrics(
    np.log([[0.7, 0.3], [0.2, 0.8]] * 50), np.array([0, 1] * 50), ["bad", "good"]
)


def against(baseline_right: int, right: int, n: int = 100) -> Against:
    """Both right on as many of the first rows."""
    ours, theirs = np.arange(n) < right, np.arange(n) < baseline_right
    return compare_with("runs/baseline", theirs, ours, np.arange(n) + 1)


def test_nothing_is_said_of_a_training_that_went_well() -> None:
    assert advice(Config(), EVEN, {}, None) == []
    assert advice(Config(), EVEN, {"network": 0.6, "n-grams": 0.4}, against(60, 90)) == []


def test_a_member_that_adds_nothing() -> None:
    (said,) = advice(Config(), EVEN, {"network": 0.0, "n-grams": 1.0}, None)
    assert said == (
        "the network adds nothing to the n-grams (weight 0.000): gru-sent baseline fits them "
        "without a network"
    )
    (said,) = advice(Config(), EVEN, {"network": 0.99, "n-grams": 0.01}, None)
    assert "--set model.ngrams=false" in said


def test_a_baseline_that_is_better_or_as_good() -> None:
    (said,) = advice(Config(), EVEN, {}, against(90, 60))
    assert said.startswith("the linear baseline runs/baseline is better by 30.00 points")
    assert "95 % interval -39.00 to -21.00" in said
    assert said.endswith("predict with it")
    (said,) = advice(Config(), EVEN, {}, against(81, 80))
    assert said.startswith("no clear difference to the linear baseline runs/baseline: 1.00 points")
    assert "gru-sent fuse" in said


@pytest.mark.parametrize("weights", [None, "balanced"])
def test_rare_classes(weights: str | None) -> None:
    labels = np.array([0] * 95 + [1] * 5)
    found = classification_metrics(np.log([[0.9, 0.1]] * 100), labels, ["usual", "rare"])
    config = Config(training=TrainingConfig(class_weights=weights))
    (said,) = advice(config, found, {}, None)
    assert said.startswith("few rows are of the class rare: judge by macro F1, not by accuracy")
    assert ("class_weights=balanced" in said) == (weights is None)
