"""Options of the loss arrive where they belong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.utils.class_weight import compute_class_weight

from gru_sentiment.builders.objective import build_loss, build_objective
from gru_sentiment.builders.text import (
    build_unlabelled_sampler,
)
from gru_sentiment.config.sections import Config
from gru_sentiment.config.training import (
    AdversarialConfig,
    TrainingConfig,
    UnlabelledConfig,
)
from gru_sentiment.data.labels import Labels
from gru_sentiment.errors import DataError
from gru_sentiment.training.adversarial import AdversarialLoss
from gru_sentiment.training.losses import ClassificationLoss
from gru_sentiment.training.semi_supervised import SemiSupervisedLoss

TWO, THREE = Labels(["bad", "good"]), Labels(["a", "b", "c"])


def test_unlabelled_texts_have_a_loss_of_their_own() -> None:
    labels, soft = np.array([0, 1, 1]), torch.rand(5, 2)
    terms = UnlabelledConfig(teacher=Path("a"), weight=0.5, batch_size=3)
    config = TrainingConfig(unlabelled=terms, class_weights="balanced", label_smoothing=0.2)
    loss = build_objective(config, TWO, labels, soft)
    assert isinstance(loss, SemiSupervisedLoss)
    assert loss.soft_labels is soft
    assert (loss.weight, loss.label_smoothing) == (0.5, 0.2)
    assert loss.class_weights == build_loss(config, TWO, labels).class_weights
    virtual = AdversarialConfig(kind="virtual")
    around = build_objective(config.model_copy(update={"adversarial": virtual}), TWO, labels, soft)
    assert isinstance(around, AdversarialLoss)
    assert isinstance(around.loss, SemiSupervisedLoss)
    assert type(build_objective(TrainingConfig(), TWO, labels)) is ClassificationLoss
    beside = build_unlabelled_sampler(Config(training=config), np.arange(5))
    assert (len(beside.rows), beside.texts_per_batch, beside.seed) == (5, 3, 0)


def test_balanced_weights_are_those_of_scikit_learn() -> None:
    labels = np.array([0, 0, 0, 1, 1, 2])
    loss = build_loss(TrainingConfig(class_weights="balanced"), THREE, labels)
    expected = compute_class_weight("balanced", classes=np.arange(3), y=labels)
    assert loss.class_weights == pytest.approx(expected)


def test_a_class_without_rows_gets_a_finite_weight() -> None:
    loss = build_loss(TrainingConfig(class_weights="balanced"), TWO, np.array([0, 0]))
    assert loss.class_weights == pytest.approx([0.5, 1.0])


def test_loss_options() -> None:
    config = TrainingConfig(class_weights=(1.0, 3.0), label_smoothing=0.1)
    loss = build_loss(config, TWO, np.array([0, 1]))
    assert (loss.class_weights, loss.label_smoothing) == ((1.0, 3.0), 0.1)
    assert build_loss(TrainingConfig(), TWO, np.array([0, 1])).class_weights is None


def test_one_weight_a_class() -> None:
    with pytest.raises(DataError, match=r"class_weights: 2 weights for 3 classes"):
        build_loss(TrainingConfig(class_weights=(1.0, 1.0)), THREE, np.array([0, 1, 2]))


def test_weights_by_the_names_of_classes() -> None:
    config = TrainingConfig(class_weights={"good": 3.0})
    assert build_loss(config, TWO, np.array([0, 1])).class_weights == (1.0, 3.0)
    with pytest.raises(DataError, match="'good' is no class; classes: a, b, c"):
        build_loss(config, THREE, np.array([0, 1, 2]))
