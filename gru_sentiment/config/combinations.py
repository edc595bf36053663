"""Values of several keys that do not fit together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gru_sentiment.config.training import AugmentationConfig

if TYPE_CHECKING:
    from gru_sentiment.config.sections import Config, DataConfig


def problems_between(config: Config) -> list[str]:
    """The values that do not fit together, one line "key: reason" each."""
    return [
        *_missing_for_source(config),
        *_fold_problems(config.data),
        *_text_problems(config),
        *_pretraining_problems(config),
    ]


def _missing_for_source(config: Config) -> list[str]:
    data, vectors = config.data, config.vectors
    problems = []
    if data.source in {"folder", "files"} and data.path is None:
        problems.append(f"data.path: needed for data.source {data.source}")
    if data.source == "hub" and data.dataset is None:
        problems.append("data.dataset: needed for data.source hub, for instance stanfordnlp/imdb")
    if (
        config.training.unlabelled is not None
        and config.training.unlabelled.soft_labels is not None
        and data.unlabelled_split is not None
    ):
        problems.append(
            "training.unlabelled.soft_labels: are read from data.unlabelled_path, not from "
            "data.unlabelled_split; set a teacher, or give a file"
        )
    drawn = data.validation_path is None and data.folds is None
    if data.validation_size == 0 and drawn:
        problems.append("data.validation_size: must be above 0; the best epoch is chosen on it")
    if vectors.source == "file" and vectors.path is None:
        problems.append("vectors.path: needed for vectors.source file")
    if vectors.source == "name" and vectors.name is None:
        problems.append("vectors.name: needed for vectors.source name, for instance glove.6B.100d")
    if vectors.source == "none" and vectors.unseen_words:
        problems.append(
            "vectors.unseen_words: vectors.source none has no words; choose another source, or set "
            "it to 0"
        )
    if vectors.source == "none" and config.model.embedding_frozen_epochs == "all":
        problems.append(
            "model.embedding_frozen_epochs: all would leave the random vectors of vectors.source "
            "none as they are; set a number of epochs"
        )
    if (
        vectors.source == "none"
        and config.training.augmentation.synonyms
        and not (config.model.initialize_from or config.pretraining)
    ):
        problems.append(
            "training.augmentation.synonyms: the random vectors of vectors.source none have no "
            "neighbours that mean the same; choose another source, or set model.initialize_from"
        )
    return problems


def _fold_problems(data: DataConfig) -> list[str]:
    if data.folds is None and data.fold is None:
        return []
    if data.folds is None:
        return [
            "data.folds: needed with data.fold, as the number of folds; set it, or data.fold to "
            "null"
        ]
    problems = []
    if data.fold is None:
        problems.append(
            "data.fold: needed with data.folds, as the fold to validate on; set it, or data.folds "
            f"to null (gru-sent train --folds {data.folds} trains a run for each fold)"
        )
    elif data.fold > data.folds:
        problems.append(
            f"data.fold: {data.fold} is more than data.folds {data.folds}; set it to 1 to "
            f"{data.folds}"
        )
    if data.validation_path is not None:
        problems.append(
            "data.folds: a fold is the validation split, and data.validation_path is one too; "
            "leave the path out, or train without folds"
        )
    return problems


def _pretraining_problems(config: Config) -> list[str]:
    if config.pretraining is None:
        return []
    problems = []
    if config.model.ngrams:
        problems.append("model.ngrams: is for a classifier; remove it")
    if config.model.bidirectional:
        problems.append(
            "model.bidirectional: a language model that reads in both directions has seen the "
            "token that it predicts; set it to false (pretraining.direction: both "
            "trains one model for each direction)"
        )
    if config.pretraining.directions > 1 and config.model.layers > 1:
        problems.append(
            f"model.layers: {config.model.layers}, but pretraining.direction: both works with 1 "
            "layer only: the second layer of a bidirectional classifier reads both directions, and "
            "that of a language model may not; set it to 1, or pretraining.direction to forward"
        )
    if config.training.batch_size is None:
        problems.append("training.batch_size: needed for pretraining, as the number of streams")
    if config.training.monitor != "-loss":
        problems.append(
            f"training.monitor: {config.training.monitor} is not a score of a language model; use "
            "-loss"
        )
    if config.training.unlabelled is not None:
        problems.append(
            "training.unlabelled: is for a classifier; remove it, a language model reads "
            "data.unlabelled_path without it"
        )
    if config.training.max_tokens is not None:
        problems.append(
            "training.max_tokens: is for a classifier; remove it, a language model reads "
            "windows of pretraining.window tokens"
        )
    if config.training.augmentation != AugmentationConfig():
        problems.append("training.augmentation: is for a classifier; remove it")
    return problems


def _text_problems(config: Config) -> list[str]:
    text, trained_on = config.text, config.training.max_tokens
    problems = [
        f"text.head_tokens: {text.head_tokens} is more than {key} {tokens}"
        for key, tokens in (
            ("text.max_tokens", text.max_tokens),
            ("training.max_tokens", trained_on),
        )
        if tokens is not None and text.head_tokens > tokens
    ]
    if trained_on is not None and text.max_tokens is not None and trained_on > text.max_tokens:
        problems.append(
            f"training.max_tokens: {trained_on} is more than text.max_tokens {text.max_tokens}, "
            "the tokens that are read of a review"
        )
    return problems
