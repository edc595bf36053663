"""Builds the loss from the section `training`."""

from __future__ import annotations

import numpy as np
import torch

from gru_sentiment.arrays import Floats, Integers, Singles
from gru_sentiment.config.training import TrainingConfig
from gru_sentiment.data.labels import Labels, check_single
from gru_sentiment.errors import DataError
from gru_sentiment.training.adversarial import AdversarialLoss
from gru_sentiment.training.losses import ClassificationLoss, LabelSetLoss
from gru_sentiment.training.semi_supervised import SemiSupervisedLoss


def build_objective(
    config: TrainingConfig,
    labels: Labels,
    targets: Integers,
    soft_labels: torch.Tensor | None = None,
    weights: Singles | None = None,
) -> ClassificationLoss | AdversarialLoss:
    """The config's loss with its terms for unlabelled texts and adversarial training.

    Args:
        config: the section `training`.
        labels: the classes.
        targets: of the training split, shape (rows,) or (rows, classes).
        soft_labels: a teacher's probabilities, shape (texts, classes), if there is a teacher.
        weights: of the rows of the training split, shape (rows,), if they have some.

    Raises:
        DataError: the class weights do not fit the classes.
    """
    loss, adversarial = build_loss(config, labels, targets, weights), config.adversarial
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


def check_classes(config: TrainingConfig, labels: Labels) -> None:
    """Check that the loss and the class weights fit the classes, before anything is computed.

    Raises:
        DataError: they do not.
    """
    _check_one_class(config, labels)
    if config.monitor == "+micro_f1" and not labels.label_sets:
        raise DataError(
            "training.monitor micro_f1: is for texts of several classes; with one class each it is "
            "the accuracy",
            hint="set training.monitor to accuracy",
        )
    names = labels.names
    listed = ", ".join(names[:10]) + (", …" if len(names) > 10 else "")
    if config.loss == "bce" and len(names) != 2 and not labels.label_sets:
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


def _check_one_class(config: TrainingConfig, labels: Labels) -> None:
    """Check that what is for texts of one class is not set where a text may have several."""
    for_one_class = {
        "training.loss cross_entropy": config.loss == "cross_entropy",
        "training.unlabelled": config.unlabelled is not None,
        "training.adversarial.kind virtual": config.adversarial.kind == "virtual",
    }
    for key, is_set in for_one_class.items():
        if is_set:
            check_single(labels, key)


def build_loss(
    config: TrainingConfig, labels: Labels, targets: Integers, weights: Singles | None = None
) -> ClassificationLoss:
    """The config's classification loss. Balanced class weights are computed from the targets.

    Args:
        config: the section `training`.
        labels: the classes.
        targets: of the rows to train on, shape (rows,) or (rows, classes).
        weights: of these rows, shape (rows,), if they have some.

    Raises:
        DataError: the class weights do not fit the classes.
    """
    check_classes(config, labels)
    of_classes = config.class_weights
    if of_classes == "balanced":
        of_classes = tuple(_balanced(labels, targets, weights))
    elif isinstance(of_classes, dict):
        of_classes = tuple(of_classes.get(name, 1.0) for name in labels.names)
    kind = LabelSetLoss if labels.label_sets else ClassificationLoss
    return kind(class_weights=of_classes, label_smoothing=config.label_smoothing)


def _balanced(labels: Labels, targets: Integers, weights: Singles | None) -> Floats:
    """Weights of the classes in inverse proportion to their rows, shape (classes,).

    With label sets they make the rows of a class count as much as all others.
    """
    counted = np.ones(len(targets)) if weights is None else weights.astype(np.float64)
    if labels.label_sets:
        of_class: Floats = counted @ targets
        others: Floats = counted.sum() - of_class
        return np.maximum(others, 1) / np.maximum(of_class, 1)
    rows = np.bincount(targets, counted, minlength=len(labels))
    balanced: Floats = counted.sum() / (len(labels) * np.maximum(rows, 1))
    return balanced
