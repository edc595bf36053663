"""Which values fit together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from gru_sentiment.config.sections import (
    Config,
)
from gru_sentiment.config.training import (
    AugmentationConfig,
    UnlabelledConfig,
)

IMPOSSIBLE: list[tuple[dict[str, Any], str]] = [
    ({"model": {"cell": "gru", "nonlinearity": "relu"}}, "nonlinearity: cell gru has none"),
    ({"model": {"cell": "lstm", "nonlinearity": "tanh"}}, "nonlinearity: cell lstm has none"),
    ({"model": {"layers": 1, "layer_dropout": 0.1}}, "layer_dropout: acts between layers"),
    ({"model": {"pooling": ("max", "max")}}, "pooling: names a pooling twice"),
    ({"training": {"tokens_per_batch": 5}}, "tokens_per_batch: set either this or batch_size"),
    ({"training": {"batch_size": None}}, "tokens_per_batch: set either this or batch_size"),
    ({"training": {"optimizer": "adam", "momentum": 0.9}}, "momentum: adam has none"),
    ({"training": {"momentum": 0.9}}, "momentum: adamw has none; use sgd or rmsprop"),
    ({"data": {"source": "folder"}}, "data.path: needed for data.source folder"),
    ({"data": {"source": "files"}}, "data.path: needed for data.source files"),
    ({"data": {"source": "hub"}}, "data.dataset: needed for data.source hub"),
    ({"data": {"validation_size": 0}}, "data.validation_size: must be above 0"),
    ({"data": {"fold": 1}}, "data.folds: needed with data.fold, as the number of folds"),
    ({"data": {"folds": 5}}, "data.fold: needed with data.folds, as the fold to validate on"),
    ({"data": {"folds": 5}}, "gru-sent train --folds 5 trains a run for each fold"),
    ({"data": {"folds": 5, "fold": 6}}, "data.fold: 6 is more than data.folds 5; set it to 1 to 5"),
    (
        {
            "data": {
                "source": "files",
                "path": Path("a.csv"),
                "validation_path": Path("b.csv"),
                "folds": 5,
                "fold": 1,
            }
        },
        "data.folds: a fold is the validation split, and data.validation_path is one too",
    ),
    ({"vectors": {"source": "file"}}, "vectors.path: needed for vectors.source file"),
    ({"vectors": {"source": "name"}}, "vectors.name: needed for vectors.source name"),
    ({"text": {"max_tokens": 50}}, "text.head_tokens: 100 is more than text.max_tokens 50"),
    (
        {"training": {"max_tokens": 50}},
        "text.head_tokens: 100 is more than training.max_tokens 50",
    ),
    (
        {"training": {"max_tokens": 401}},
        "training.max_tokens: 401 is more than text.max_tokens 400",
    ),
    (
        {
            "model": {"bidirectional": False},
            "pretraining": {},
            "training": {"max_tokens": 100},
        },
        "training.max_tokens: is for a classifier",
    ),
    ({"training": {"unlabelled": {}}}, "unlabelled: nothing would be learned from these"),
    (
        {"training": {"unlabelled": {"soft_labels": ("a", "b"), "teacher": Path("runs/t")}}},
        "soft_labels: set either this or teacher",
    ),
    (
        {"training": {"unlabelled": {"soft_labels": ("a", "a")}}},
        "soft_labels: names a column twice",
    ),
    (
        {
            "data": {"source": "hub", "dataset": "x/y", "unlabelled_split": "more"},
            "training": {"unlabelled": {"soft_labels": ("a", "b")}},
        },
        "training.unlabelled.soft_labels: are read from data.unlabelled_path",
    ),
    (
        {"training": {"unlabelled": {"weight": 0.5}}},
        "unlabelled.weight: is the teacher's",
    ),
    (
        {
            "training": {
                "unlabelled": {},
                "adversarial": {"kind": "adversarial"},
            }
        },
        "adversarial.kind: adversarial needs the label of every review",
    ),
    (
        {
            "model": {"bidirectional": False},
            "pretraining": {},
            "training": {"unlabelled": {"teacher": Path("runs/teacher")}},
        },
        "training.unlabelled: is for a classifier",
    ),
    (
        {"vectors": {"source": "none"}, "model": {"embedding_frozen_epochs": "all"}},
        "model.embedding_frozen_epochs: all would leave the random vectors",
    ),
    (
        {"model": {"bidirectional": True}, "pretraining": {}},
        "set it to false (pretraining.direction: both trains one model for each direction)",
    ),
    (
        {"model": {"bidirectional": False, "layers": 2}, "pretraining": {"direction": "both"}},
        "model.layers: 2, but pretraining.direction: both works with 1 layer only",
    ),
    (
        {"vectors": {"source": "none"}, "training": {"augmentation": {"synonyms": 0.1}}},
        "training.augmentation.synonyms: the random vectors of vectors.source none have no",
    ),
]


@pytest.mark.parametrize(("values", "reason"), IMPOSSIBLE)
def test_impossible_combinations_are_refused(values: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Config.model_validate(values)
    assert reason in str(caught.value)


POSSIBLE: list[dict[str, Any]] = [
    {"model": {"cell": "rnn", "nonlinearity": "relu"}},
    {"model": {"layers": 2, "layer_dropout": 0.1}},
    {"training": {"batch_size": None, "tokens_per_batch": 4096}},
    {"training": {"optimizer": "sgd", "momentum": 0.9}},
    {"training": {"optimizer": "rmsprop", "momentum": 0.9}},
    {"training": {"class_weights": "balanced"}},
    {"training": {"class_weights": (1.0, 2.0)}},
    {"text": {"max_tokens": None, "head_tokens": 1000}},
    {"text": {"max_tokens": 50, "head_tokens": 50}},
    {"training": {"max_tokens": 100}},
    {"text": {"max_tokens": None}, "training": {"max_tokens": 400}},
    {"data": {"source": "files", "path": Path("a.csv"), "validation_size": 5, "test_size": 0}},
    {"data": {"source": "files", "path": Path("a"), "validation_path": Path("b"),
              "validation_size": 0}},
    {"data": {"folds": 2, "fold": 2}},
    {"data": {"source": "reviews_and_sentences", "folds": 5, "fold": 1, "validation_size": 0}},
    {"model": {"embedding_frozen_epochs": "all"}},
    {"model": {"embedding_frozen_epochs": 2}, "vectors": {"source": "none"}},
    {"model": {"bidirectional": False, "layers": 2}, "pretraining": {"direction": "forward"}},
    {"model": {"bidirectional": False, "layers": 1}, "pretraining": {"direction": "both"}},
    {"training": {"augmentation": AugmentationConfig(synonyms=0.1)}},
    {"training": {"augmentation": AugmentationConfig(word_dropout=0.1)},
     "vectors": {"source": "none"}},
    {"training": {"augmentation": AugmentationConfig(synonyms=0.1)},
     "vectors": {"source": "none"}, "model": {"initialize_from": Path("runs/pretrain")}},
]  # fmt: skip


@pytest.mark.parametrize("values", POSSIBLE)
def test_possible_combinations_are_taken_as_given(values: dict[str, Any]) -> None:
    config = Config.model_validate(values)
    for section, keys in values.items():
        for key, value in keys.items():
            assert getattr(getattr(config, section), key) == value


def test_every_problem_of_the_whole_is_told_at_once() -> None:
    values = {"data": {"source": "files"}, "vectors": {"source": "name"}, "text": {"max_tokens": 1}}
    with pytest.raises(ValidationError) as caught:
        Config.model_validate(values)
    for key in ("data.path", "vectors.name", "text.head_tokens"):
        assert f"{key}: " in str(caught.value)


UNLABELLED: list[tuple[dict[str, Any], str]] = [
    ({"teacher": Path("a")}, "none"),
    ({"teacher": Path("a"), "weight": 0.5}, "adversarial"),
    ({}, "virtual"),
]


@pytest.mark.parametrize(("unlabelled", "kind"), UNLABELLED)
def test_what_unlabelled_reviews_can_teach(unlabelled: dict[str, Any], kind: str) -> None:
    training = {"unlabelled": unlabelled, "adversarial": {"kind": kind}}
    config = Config.model_validate({"training": training})
    assert config.training.unlabelled == UnlabelledConfig(**unlabelled)
    assert config.training.adversarial.kind == kind
