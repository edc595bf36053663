"""The one place where config becomes objects."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.optim import Optimizer
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from gru_sentiment.config.sections import Config, TextConfig, VectorsConfig
from gru_sentiment.config.training import (
    OPTIMIZERS_WITH_MOMENTUM,
    AugmentationConfig,
    TrainingConfig,
)
from gru_sentiment.data.augmentation import Augmentation
from gru_sentiment.data.batching import Batcher
from gru_sentiment.data.encoding import EncodedTexts, encode
from gru_sentiment.data.mixing import Beside
from gru_sentiment.data.token_cache import cache_folder
from gru_sentiment.data.tokenizer import TokenizedTexts
from gru_sentiment.data.vocab import PADDING_ID, SPECIALS, Vocabulary
from gru_sentiment.errors import DataError, DeviceError
from gru_sentiment.machine.torch_setup import gains_from_bfloat16, multiplies_bfloat16
from gru_sentiment.models.classifier import TextClassifier
from gru_sentiment.models.embedding import WordEmbedding
from gru_sentiment.models.language_model import LanguageModel
from gru_sentiment.training.adversarial import AdversarialLoss
from gru_sentiment.training.losses import ClassificationLoss
from gru_sentiment.training.optimizers import SCHEDULES, Schedule, make_optimizer
from gru_sentiment.training.semi_supervised import SemiSupervisedLoss
from gru_sentiment.training.snapshot import TrainingState
from gru_sentiment.training.stopping import Stopping
from gru_sentiment.vectors.named import named_vectors
from gru_sentiment.vectors.neighbours import nearest
from gru_sentiment.vectors.package import package_vectors
from gru_sentiment.vectors.text_file import file_vectors
from gru_sentiment.vectors.word_vectors import WordVectors, check_dimension, no_vectors

Integers = np.ndarray[Any, np.dtype[np.int64]]


def build_vocabulary(config: TextConfig, counts: Mapping[str, int]) -> Vocabulary:
    """The vocabulary of the training part's word counts."""
    vocabulary = Vocabulary.from_counts(
        counts, min_frequency=config.min_frequency, max_size=config.max_size
    )
    if len(vocabulary.words) == len(SPECIALS):
        raise DataError(
            f"the vocabulary is empty: no word of the training part occurs {config.min_frequency} "
            "times",
            hint="lower text.min_frequency, or add reviews",
        )
    return vocabulary


def build_encoded(
    config: TextConfig, tokenized: TokenizedTexts, vocabulary: Vocabulary
) -> EncodedTexts:
    """Ids of tokenised texts, with the config's truncation."""
    return encode(
        tokenized, vocabulary, max_tokens=config.max_tokens, head_tokens=config.head_tokens
    )


def build_batcher(config: TrainingConfig, encoded: EncodedTexts) -> Batcher:
    """Batches within the config's budget."""
    return Batcher(encoded, config.batch_size, config.tokens_per_batch)


def build_beside(config: Config, rows: Integers) -> Beside:
    """The config's unlabelled texts `rows`, a number of them beside every batch."""
    assert config.training.unlabelled is not None
    return Beside(rows, config.training.unlabelled.batch_size, config.run.seed)


def build_augmentation(config: AugmentationConfig, vectors: WordVectors) -> Augmentation | None:
    """What the config does to training batches; None where that is nothing.

    Raises:
        VectorsError: too few words have vectors for neighbours.
    """
    if not (config.word_dropout or config.synonyms):
        return None
    neighbours = nearest(vectors, config.neighbours) if config.synonyms else None
    return Augmentation(config.word_dropout, config.synonyms, neighbours)


def build_vectors(config: VectorsConfig, vocabulary: Vocabulary) -> WordVectors:
    """The config's word vectors for the vocabulary's words."""
    words = vocabulary.words
    if config.source == "name":
        vectors = named_vectors(config.name or "", words, cache_folder() / "vectors")
    else:
        local: dict[str, Callable[[], WordVectors]] = {
            "package": lambda: package_vectors(words),
            "file": lambda: file_vectors(config.path, words),  # type: ignore[arg-type]
            "none": lambda: no_vectors(words, config.dimension),
        }
        vectors = local[config.source]()
    return check_dimension(vectors, config.dimension)


def build_model(
    config: Config, weights: torch.Tensor, n_classes: int, device: torch.device
) -> TextClassifier:
    """The config's network around initial word vectors (words, dimension)."""
    model = config.model
    n_outputs = outputs_for(config.training, n_classes)
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
    """The config's language model around initial word vectors (words, dimension)."""
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


def outputs_for(config: TrainingConfig, n_classes: int) -> int:
    """Logits that the loss needs.

    Raises:
        DataError: binary cross-entropy for more than two classes.
    """
    if config.loss == "cross_entropy":
        return n_classes
    if n_classes != 2:
        raise DataError(
            f"training.loss bce: needs two classes, the data has {n_classes}",
            hint="set training.loss to cross_entropy",
        )
    return 1


def release_layers(config: Config, model: TextClassifier, epoch: int) -> None:
    """Freeze what this epoch does not train, and release what it does."""
    layers, every = model.layers_from_top(), config.training.fine_tuning.unfreeze_epochs
    released = 1 + (epoch - 1) // every if every else len(layers)
    for depth, layer in enumerate(layers):
        for parameter in layer:
            parameter.requires_grad_(depth < released)
    frozen = config.model.embedding_frozen_epochs
    if frozen == "all" or epoch <= frozen:
        model.embedding.set_trainable(False)


def build_objective(
    config: TrainingConfig,
    label_ids: Integers,
    n_classes: int,
    soft_labels: torch.Tensor | None = None,
) -> ClassificationLoss | AdversarialLoss:
    """The config's loss, with what unlabelled texts and an adversary add to it.

    `soft_labels` are a teacher's probabilities (texts, classes), where there is one.
    """
    loss, adversarial = build_loss(config, label_ids, n_classes), config.adversarial
    if config.unlabelled is not None:
        loss = SemiSupervisedLoss(
            soft_labels=soft_labels,
            weight=config.unlabelled.weight,
            entropy_weight=config.unlabelled.entropy_weight,
            class_weights=loss.class_weights,
            label_smoothing=loss.label_smoothing,
        )
    if adversarial.kind == "none":
        return loss
    return AdversarialLoss(
        loss, adversarial.kind, epsilon=adversarial.epsilon, weight=adversarial.weight
    )


def build_loss(config: TrainingConfig, label_ids: Integers, n_classes: int) -> ClassificationLoss:
    """The config's loss; balanced weights from the training part's class indices."""
    weights = config.class_weights
    if weights == "balanced":
        counts = np.bincount(label_ids, minlength=n_classes)
        weights = tuple(len(label_ids) / (n_classes * np.maximum(counts, 1)))
    elif weights is not None and len(weights) != n_classes:
        raise DataError(
            f"training.class_weights: {len(weights)} weights for {n_classes} classes",
            hint="give one a class in their sorted order, or balanced",
        )
    return ClassificationLoss(class_weights=weights, label_smoothing=config.label_smoothing)


def build_optimizer(config: TrainingConfig, model: nn.Module) -> Optimizer:
    """The config's optimizer over the model's parameters."""
    options = {"momentum": config.momentum} if config.optimizer in OPTIMIZERS_WITH_MOMENTUM else {}
    decay = config.fine_tuning.layer_decay
    layers = model.layers_from_top() if decay != 1 and isinstance(model, TextClassifier) else None
    return make_optimizer(
        model,
        config.optimizer,
        learning_rate=config.learning_rate,
        weight_decay=config.weight_decay,
        layers=layers,
        layer_decay=decay,
        **options,
    )


def build_schedule(config: TrainingConfig, optimizer: Optimizer, total_steps: int) -> Schedule:
    """The config's learning-rate schedule over `total_steps` optimizer steps."""
    options: dict[str, Any] = {
        "plateau_factor": config.plateau_factor,
        "plateau_patience": config.plateau_patience,
    }
    return SCHEDULES[config.schedule](optimizer, total_steps, config.warmup, **options)


def build_stopping(config: TrainingConfig) -> Stopping:
    """The config's stopping rules."""
    return Stopping(
        config.monitor,
        patience=config.patience,
        stop_at_loss=config.stop_at_loss,
        max_minutes=config.max_minutes,
    )


def build_state(config: TrainingConfig, model: nn.Module, total_steps: int) -> TrainingState:
    """A training of `model` at its beginning, `total_steps` optimizer steps long."""
    optimizer = build_optimizer(config, model)
    return TrainingState(
        model,
        optimizer,
        build_schedule(config, optimizer, total_steps),
        build_stopping(config),
        build_average(config, model),
    )


def build_average(config: TrainingConfig, model: nn.Module) -> AveragedModel | None:
    """A moving average of the weights, where the config wants one."""
    if config.ema_decay is None:
        return None
    return AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(config.ema_decay))  # type: ignore[no-untyped-call]


def build_product_type(config: TrainingConfig, device: torch.device) -> str:
    """What a training multiplies: "float32" or, where the config wants it, "bfloat16".

    On CUDA the recurrent layers are torch's own, which run outside autocast
    (`models/recurrent.py`): the other products alone are in bfloat16 there.

    Raises:
        DeviceError: mixed precision on a CPU that has no products of bfloat16.
    """
    on_cuda, wanted = device.type == "cuda", config.mixed_precision
    if wanted == "auto":
        wanted = on_cuda or gains_from_bfloat16()
    if wanted and not on_cuda and not multiplies_bfloat16():
        raise DeviceError(
            "training.mixed_precision: this CPU has no instructions for bfloat16",
            hint="set training.mixed_precision to auto or false, or train on CUDA",
        )
    if not wanted:
        return "float32"
    return "bfloat16, recurrent layers float32" if on_cuda else "bfloat16"


def build_precision(
    config: TrainingConfig, device: torch.device
) -> Callable[[], AbstractContextManager[object]]:
    """A context for computing losses with products of `build_product_type`."""
    if build_product_type(config, device) == "float32":
        return nullcontext
    return partial(torch.autocast, device.type, dtype=torch.bfloat16)


def build_device(name: str) -> torch.device:
    """The device to run on; `auto` takes CUDA where there is one.

    Raises:
        DeviceError: CUDA was asked for and torch finds none.
    """
    available = torch.cuda.is_available()
    if name == "cuda" and not available:
        build = (
            "this torch was built without CUDA" if torch.version.cuda is None else "no GPU found"
        )
        raise DeviceError(
            f"--device cuda: {build}",
            hint="use --device cpu, or install a CUDA build of torch (see the README, 'CUDA')",
        )
    return torch.device("cuda" if available and name != "cpu" else "cpu")
