"""Linear classifiers of texts, as one would set them up today.

fastText comes with the extra `bench`, and is left out where it is missing.
"""

from __future__ import annotations

import importlib.util
import pickle
import re
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline

Classes = np.ndarray[Any, np.dtype[np.int64]]

WORD = r"\w+|[^\w\s]"
"""Words and single punctuation marks."""


class LinearModel(Protocol):
    """From texts to classes."""

    def fit(self, texts: Sequence[str], classes: Classes) -> None:
        """Learn from texts and their classes, shape (texts,)."""

    def predict(self, texts: Sequence[str]) -> Classes:
        """The class of every text."""

    def save(self, path: Path) -> None:
        """Write all that `predict` needs."""


class _Scikit:
    """A scikit-learn pipeline, saved as scikit-learn's users do."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline

    def fit(self, texts: Sequence[str], classes: Classes) -> None:
        self.pipeline.fit(texts, classes)

    def predict(self, texts: Sequence[str]) -> Classes:
        found: Classes = self.pipeline.predict(texts)
        return found

    def save(self, path: Path) -> None:
        with path.open("wb") as file:
            pickle.dump(self.pipeline, file, pickle.HIGHEST_PROTOCOL)


class LogCountRatio(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Every feature times its log-count ratio between two classes (Wang & Manning 2012)."""

    def fit(self, counts: Any, classes: Classes) -> Self:
        """Ratios from binary features (texts, features) with one added to every sum."""
        positive = 1 + np.asarray(counts[classes == 1].sum(axis=0)).ravel()
        negative = 1 + np.asarray(counts[classes == 0].sum(axis=0)).ravel()
        self.ratio_ = np.log(positive / positive.sum()) - np.log(negative / negative.sum())
        return self

    def transform(self, counts: Any) -> Any:
        """The weighted features."""
        return counts.multiply(self.ratio_).tocsr()


def tfidf_regression(_threads: int) -> LinearModel:
    """TF-IDF of words and pairs, logistic regression."""
    return _Scikit(
        make_pipeline(
            TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True),
            LogisticRegression(C=10.0, max_iter=1000),
        )
    )


def naive_bayes_regression(_threads: int) -> LinearModel:
    """One to three words, weighted by naive Bayes, logistic regression (Mesnil et al. 2014)."""
    return _Scikit(
        make_pipeline(
            CountVectorizer(ngram_range=(1, 3), min_df=2, binary=True, token_pattern=WORD),
            LogCountRatio(),
            LogisticRegression(C=0.1, solver="liblinear", dual=True, max_iter=1000),
        )
    )


class FastText:
    """fastText supervised, words and pairs hashed (Joulin et al. 2016)."""

    def __init__(self, threads: int) -> None:
        self.threads = threads

    def fit(self, texts: Sequence[str], classes: Classes) -> None:
        import fasttext  # type: ignore[import-untyped]

        # it learns line by line in the order of the file, and parts are in order of their class
        order = np.random.default_rng(0).permutation(len(texts))
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".txt") as file:
            file.writelines(f"__label__{classes[i]} {_one_line(texts[i])}\n" for i in order)
            file.flush()
            self.model = fasttext.train_supervised(
                file.name, dim=10, wordNgrams=2, epoch=10, lr=0.25, thread=self.threads, verbose=0
            )

    def predict(self, texts: Sequence[str]) -> Classes:
        answers, _ = self.model.predict([_one_line(text) for text in texts])
        return np.array([int(labels[0].removeprefix("__label__")) for labels in answers])

    def save(self, path: Path) -> None:
        self.model.save_model(str(path))


def _one_line(text: str) -> str:
    return " ".join(re.findall(WORD, text.replace("<br />", " ").lower()))


def linear_models() -> dict[str, Callable[[int], LinearModel]]:
    """What is installed, by name; each made for a number of threads."""
    found: dict[str, Callable[[int], LinearModel]] = {
        "TF-IDF 1-2 + logistic regression": tfidf_regression,
        "NB-weighted 1-3 + logistic regression": naive_bayes_regression,
    }
    if importlib.util.find_spec("fasttext") is not None:
        found["fastText supervised"] = FastText
    return found
