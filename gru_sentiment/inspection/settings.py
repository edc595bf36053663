"""The settings that suit a file of labelled texts: by their number, classes, lengths, language.

The numbers are those of the configs for reviews, with more epochs for fewer rows. They were set
before they were measured on files of other kinds (configs/RESULTS.md, "Own files").
"""

from __future__ import annotations

from typing import Any

from gru_sentiment.results.survey import Survey

Values = dict[str, dict[str, Any]]
Comments = dict[str, str]
"""By dotted key."""
FEW_ROWS = 1_000
"""With fewer rows none is kept apart for a test."""
FEWEST_TO_CHOOSE = 50
"""On fewer validation rows the best epoch is the best by chance, and the last one is kept."""
LONGEST = 1_000
"""Tokens that are read of a text at most."""
RARE = 0.2
"""A class is rare that has a smaller share of the rows than this part of an even share."""


def suggested(survey: Survey, path: str) -> tuple[Values, Comments]:
    """Values of a config for a file, whose path stands there as `path`, and why they are so."""
    max_tokens = _max_tokens(survey)
    few = survey.rows < FEW_ROWS
    batch_size, epochs = _passes(survey.rows)
    values: Values = {
        "data": {
            "source": "files",
            "path": path,
            **survey.dialect,
            "text_column": survey.text_column,
            "label_column": survey.label_column,
            **({"label_separator": survey.label_separator} if survey.label_separator else {}),
            "validation_size": 0.2 if few else 0.1,
            "test_size": 0 if few else 0.1,
        },
        "text": {
            "language": survey.language,
            "max_tokens": max_tokens,
            "head_tokens": min(100, max_tokens // 4),
        },
        **(_from_the_package(survey) if survey.start else _from_scratch()),
    }
    values["training"] |= {"epochs": epochs, "batch_size": batch_size}
    if survey.label_sets is not None:
        values["model"]["ngrams"] = False
    elif min(survey.classes.values()) < RARE * survey.rows / len(survey.classes):
        values["training"]["class_weights"] = "balanced"
    if survey.rows * values["data"]["validation_size"] < FEWEST_TO_CHOOSE:
        values["training"]["monitor"] = "last"
    comments = {
        "data.label_separator": "a text may have several classes",
        "model.ngrams": "a linear model of one to three words beside the network"
        if survey.label_sets is None
        else "a linear model beside the network is for texts of one class each",
        "training.class_weights": "some classes are rare",
        "training.monitor": "so few validation rows would choose a best epoch by chance",
    }
    if few:
        comments["data.test_size"] = "so few rows are all needed for training and validation"
    return values, comments


def _passes(rows: int) -> tuple[int, int]:
    """Batch size and epochs: enough steps for few rows, few epochs for many."""
    for most, batch_size, epochs in ((2_000, 16, 10), (8_000, 32, 6), (30_000, 64, 4)):
        if rows <= most:
            return batch_size, epochs
    return 64, 3


def _max_tokens(survey: Survey) -> int:
    """Tokens that hold nearly all texts whole; punctuation makes them more than the words."""
    return min(LONGEST, max(50, 2 * survey.words[95]))


def _from_the_package(survey: Survey) -> Values:
    return {
        "vectors": {"source": "none", "dimension": 192},
        "model": {
            "hidden_size": 384,
            "bidirectional": False,
            "initialize_from": survey.start,
            "embedding_dropout": 0.3,
            "dropout": 0.3,
            "ngrams": True,
        },
        "training": {
            "max_tokens": min(400, _max_tokens(survey)),
            "learning_rate": 0.003,
            "mixed_precision": "auto",
            "fine_tuning": {"layer_decay": 2.6},
        },
    }


def _from_scratch() -> Values:
    return {
        "vectors": {"source": "none"},
        "model": {
            "hidden_size": 128,
            "embedding_dropout": 0.3,
            "dropout": 0.3,
            "ngrams": True,
        },
        "training": {"learning_rate": 0.003, "mixed_precision": "auto"},
    }
