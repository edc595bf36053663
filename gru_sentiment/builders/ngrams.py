"""Builds the n-gram models of a corpus."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass

from gru_sentiment.baselines.fitting import MIN_TEXTS, MODELS, check_classes, check_installed
from gru_sentiment.baselines.model import LinearModel
from gru_sentiment.baselines.ngrams import MAX_WORDS
from gru_sentiment.builders.corpus import Corpus
from gru_sentiment.data.encoding import encode
from gru_sentiment.data.labels import check_single
from gru_sentiment.data.vocab import SPECIALS, Vocabulary

MODEL_NAMES = tuple(MODELS)
TOKENS_AT_ONCE = 1 << 20


@dataclass(frozen=True)
class NgramModels:
    """Models of one training split, which share a vocabulary."""

    vocabulary: Vocabulary
    """Every word of the training split that an n-gram could hold."""
    models: dict[str, LinearModel]
    fit_s: dict[str, float]
    """Seconds that fitting each took."""


def library_version() -> str:
    """The version of scikit-learn, which fits them.

    Raises:
        MissingPackageError: it is not installed.
    """
    return check_installed()


def check_fits(corpus: Corpus) -> None:
    """Check that n-gram models can be fitted.

    Raises:
        MissingPackageError: scikit-learn is not installed.
        DataError: a class has no training row, or a text may have several classes.
    """
    check_installed()
    check_single(corpus.labels, "model.ngrams and gru-sent baseline")
    check_classes(corpus.label_ids[corpus.splits["train"]], corpus.labels.names)


def build_ngrams(corpus: Corpus, names: Iterable[str]) -> NgramModels:
    """Fit some of `MODEL_NAMES` on the training split, whose texts they read whole.

    Raises:
        MissingPackageError, DataError: see `check_fits`.
    """
    check_fits(corpus)
    rows = corpus.splits["train"]
    label_ids = corpus.label_ids[rows]
    weights = None if corpus.weights is None else corpus.weights[rows]
    vocabulary = Vocabulary.from_counts(
        corpus.tokenized.counts(rows), min_frequency=MIN_TEXTS, max_size=MAX_WORDS - len(SPECIALS)
    )
    encoded = encode(corpus.tokenized, vocabulary, max_tokens=None, head_tokens=0)
    texts = list(encoded.full_ids(rows, TOKENS_AT_ONCE))
    models, fit_s = {}, {}
    for name in names:
        started = time.perf_counter()
        models[name] = MODELS[name](texts, label_ids, len(corpus.labels), weights)
        fit_s[name] = time.perf_counter() - started
    return NgramModels(vocabulary, models, fit_s)
