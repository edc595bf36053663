"""Sentences of reviews, and the labelled sentences that teach."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np

from gru_sentiment.builders.dataset import Dataset
from pretrained.teacher import Lesson

WORDS = 4, 40
"""The fewest and the most words of a sentence."""
LINE_BREAK = re.compile(r"<br\s*/?>")
BETWEEN = re.compile(r"(?<=[.!?])[\"')]*\s+(?=[\"'(]*[A-Z])")
TURNING = re.compile(
    r"\b(?:not|no|never|nothing|nobody|none|neither|nor|hardly|barely|without|lacks?|but|however"
    r"|although|though|despite|yet|except|too|\w+n't)\b",
    re.IGNORECASE,
)
"""Finds a word that can turn or weaken what others say."""


def sentences_of(review: str) -> list[str]:
    """The sentences of a review that are neither short nor long."""
    parts = BETWEEN.split(LINE_BREAK.sub(" ", review))
    fewest, most = WORDS
    cleaned = (" ".join(part.split()) for part in parts)
    return [sentence for sentence in cleaned if fewest <= len(sentence.split()) <= most]


def all_sentences(reviews: Iterable[str]) -> list[str]:
    """The distinct sentences of reviews, in order."""
    return list(dict.fromkeys(s for review in reviews for s in sentences_of(review)))


def ends_of_reviews(dataset: Dataset, most: int) -> Lesson:
    """First and last sentences of train reviews, with the labels of the reviews."""
    reviews, _ = dataset.records.sets
    labels = dataset.labels.indices(dataset.records.labels)
    texts = dataset.records.texts.to_pylist()
    found = []
    for row in dataset.splits["train"]:
        if row in reviews:
            cut = sentences_of(texts[row])
            found += [(sentence, labels[row]) for sentence in dict.fromkeys(cut[:1] + cut[-1:])]
    chosen = np.random.default_rng(0).permutation(len(found))[:most]
    return Lesson([found[i][0] for i in chosen], np.array([found[i][1] for i in chosen]))


def labelled_sentences(dataset: Dataset, split: str) -> Lesson:
    """The sentences of Rotten Tomatoes in a split, and their labels."""
    _, sentences = dataset.records.sets
    labels = dataset.labels.indices(dataset.records.labels)
    rows = [row for row in dataset.splits[split] if row in sentences]
    texts = dataset.records.texts.to_pylist()
    return Lesson([texts[row] for row in rows], labels[rows])
