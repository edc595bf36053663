"""The linear classifiers that most people would try first, each tuned on the training rows."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import make_pipeline

from foreign_data.sets import Row

Predictions = np.ndarray[Any, np.dtype[np.str_]]
PENALTIES = (1.0, 10.0, 100.0)
RATES, EPOCHS = (0.25, 0.5, 1.0), (10, 25, 50)
TUNED_ON = 0.2
"""Share of the training rows that fastText's settings are chosen on."""


def tfidf_tuned(train: Sequence[Row], texts: Sequence[str]) -> Predictions:
    """TF-IDF of words and pairs, logistic regression; the penalty by five folds."""
    pipeline = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True), LogisticRegression(max_iter=1000)
    )
    search = GridSearchCV(pipeline, {"logisticregression__C": PENALTIES}, cv=5)
    search.fit(*zip(*train, strict=True))
    return np.array(search.predict(texts))


def fasttext_tuned(train: Sequence[Row], texts: Sequence[str]) -> Predictions:
    """fastText (Joulin et al. 2016) with pairs; rate and epochs by rows that are held out."""
    fitted, held_out = train_test_split(list(train), test_size=TUNED_ON, random_state=0)

    def share_right(rate: float, epochs: int) -> float:
        predicted = _fasttext(fitted, [text for text, _ in held_out], rate, epochs)
        return float(np.mean(predicted == np.array([label for _, label in held_out])))

    best = max(product(RATES, EPOCHS), key=lambda settings: share_right(*settings))
    return _fasttext(train, texts, *best)


def _fasttext(train: Sequence[Row], texts: Sequence[str], rate: float, epochs: int) -> Predictions:
    import fasttext  # type: ignore[import-untyped]

    names = sorted({label for _, label in train})
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".txt") as file:
        file.writelines(
            f"__label__{names.index(label)} {_one_line(text)}\n" for text, label in train
        )
        file.flush()
        model = fasttext.train_supervised(
            file.name, dim=50, wordNgrams=2, epoch=epochs, lr=rate, thread=2, verbose=0
        )
    found, _ = model.predict([_one_line(text) for text in texts])
    return np.array([names[int(labels[0].removeprefix("__label__"))] for labels in found])


def _one_line(text: str) -> str:
    return " ".join(text.lower().split())
