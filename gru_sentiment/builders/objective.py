"""Builds the loss from the section `training`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from gru_sentiment.arrays import Integers
from gru_sentiment.config.training import TrainingConfig
from gru_sentiment.errors import DataError
from gru_sentiment.training.adversarial import AdversarialLoss
from gru_sentiment.training.losses import ClassificationLoss
from gru_sentiment.training.semi_supervised import SemiSupervisedLoss


def build_objective(
    config: TrainingConfig,
    label_ids: Integers,
    names: Sequence[str],
    soft_labels: torch.Tensor | None = None,
) -> ClassificationLoss | AdversarialLoss:
    """The config's loss with its terms for unlabelled texts and adversarial training.

    Args:
        config: the section `training`.
        label_ids: class indices of the training split, shape (rows,).
        names: of the classes.
        soft_labels: a teacher's probabilities, shape (texts, classes), if there is a teacher.

    Raises:
        DataError: the class weights do not fit the classes.
    """
    loss, adversarial = build_loss(config, label_ids, names), config.adversarial
    if config.unlabelled is not None:
        loss = SemiSupervisedLoss(
            soft_labels=soft_labels,
            weight=config.unlabelled.weight,
            class_weights=loss.class_weights,
            label_smoothing=loss.label_smoothing,
        )
    if adversarial.kind == "none":
        return loss
    return AdversarialLoss(
        loss, adversarial.kind, epsilon=adversarial.epsilon, weight=adversarial.weight
    )


def check_classes(config: TrainingConfig, names: Sequence[str]) -> None:
    """Check that the loss and the class weights fit the classes, before anything is computed.

    Raises:
        DataError: they do not.
    """
    listed = ", ".join(names[:10]) + (", …" if len(names) > 10 else "")
    if config.loss == "bce" and len(names) != 2:
        raise DataError(
            f"training.loss bce: needs two classes, the data has {len(names)}: {listed}",
            hint="set training.loss to auto, or correct the labels",
        )
    weights = config.class_weights
    if isinstance(weights, tuple) and len(weights) != len(names):
        raise DataError(
            f"training.class_weights: {len(weights)} weights for {len(names)} classes: {listed}",
            hint="give one weight for each class in sorted order, weights by class, or balanced",
        )
    unknown = set(weights) - set(names) if isinstance(weights, dict) else set()
    if unknown:
        raise DataError(
            f"training.class_weights: {min(unknown)!r} is no class; classes: {listed}",
            hint="name classes as the data does; those that are not named weigh 1",
        )


def build_loss(
    config: TrainingConfig, label_ids: Integers, names: Sequence[str]
) -> ClassificationLoss:
    """The config's classification loss. Balanced weights are computed from `label_ids`.

    Raises:
        DataError: the class weights do not fit the classes.
    """
    check_classes(config, names)
    weights = config.class_weights
    if weights == "balanced":
        counts = np.bincount(label_ids, minlength=len(names))
        weights = tuple(len(label_ids) / (len(names) * np.maximum(counts, 1)))
    elif isinstance(weights, dict):
        weights = tuple(weights.get(name, 1.0) for name in names)
    return ClassificationLoss(class_weights=weights, label_smoothing=config.label_smoothing)
