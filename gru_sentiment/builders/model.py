"""Builds networks from the section `model`."""

from __future__ import annotations

import torch

from gru_sentiment.config.sections import Config
from gru_sentiment.config.training import TrainingConfig
from gru_sentiment.data.vocab import PADDING_ID
from gru_sentiment.errors import DataError
from gru_sentiment.models.classifier import TextClassifier
from gru_sentiment.models.embedding import WordEmbedding
from gru_sentiment.models.language_model import LanguageModel


def build_model(
    config: Config,
    weights: torch.Tensor,
    n_classes: int,
    device: torch.device,
    *,
    label_sets: bool = False,
) -> TextClassifier:
    """The config's classifier.

    Args:
        config: of the training.
        weights: the initial word vectors, shape (words, dimension).
        n_classes: number of classes.
        device: where it computes.
        label_sets: whether a text may be of any number of them.
    """
    model = config.model
    n_outputs = n_logits_for(config.training, n_classes, label_sets=label_sets)
    options = {"nonlinearity": model.nonlinearity} if model.nonlinearity else {}
    classifier = TextClassifier(
        WordEmbedding(weights, padding_id=PADDING_ID, dropout=model.embedding_dropout),
        n_outputs,
        cell=model.cell,
        hidden_size=model.hidden_size,
        layers=model.layers,
        bidirectional=model.bidirectional,
        pooling=model.pooling,
        layer_dropout=model.layer_dropout,
        dropout=model.dropout,
        **options,
    )
    return classifier.to(device)


def build_language_model(
    config: Config, weights: torch.Tensor, device: torch.device
) -> LanguageModel:
    """The config's language model; `weights` are the initial word vectors, (words, dimension)."""
    model, pretraining = config.model, config.pretraining
    assert pretraining is not None
    assert config.training.batch_size is not None
    options = {"nonlinearity": model.nonlinearity} if model.nonlinearity else {}
    return LanguageModel(
        WordEmbedding(weights, padding_id=PADDING_ID, dropout=model.embedding_dropout),
        config.training.batch_size,
        cell=model.cell,
        hidden_size=model.hidden_size,
        directions=pretraining.directions,
        layers=model.layers,
        layer_dropout=model.layer_dropout,
        dropout=model.dropout,
        **options,
    ).to(device)


def n_logits_for(config: TrainingConfig, n_classes: int, *, label_sets: bool = False) -> int:
    """The number of logits that the loss needs.

    Raises:
        DataError: the loss is binary cross-entropy and there are more than two classes.
    """
    by_softmax = config.loss == "cross_entropy" or (config.loss == "auto" and n_classes != 2)
    if label_sets or by_softmax:
        return n_classes
    if n_classes != 2:
        raise DataError(
            f"training.loss bce: needs two classes, the data has {n_classes}",
            hint="set training.loss to auto",
        )
    return 1


def release_layers(config: Config, model: TextClassifier, epoch: int) -> None:
    """Freeze the layers that are not trained in this epoch, and release the others."""
    layers, epochs_each = model.layers_from_top(), config.training.fine_tuning.unfreeze_epochs
    released = 1 + (epoch - 1) // epochs_each if epochs_each else len(layers)
    for depth, layer in enumerate(layers):
        for parameter in layer:
            parameter.requires_grad_(depth < released)
    frozen = config.model.embedding_frozen_epochs
    if frozen == "all" or epoch <= frozen:
        model.embedding.set_trainable(False)
