"""Fits the three baselines. Only this file loads scikit-learn.

Nothing is tuned: the settings are those of `scripts/peers/linear.py`, the same for every dataset.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gru_sentiment.arrays import Floats, Integers, Singles
from gru_sentiment.baselines.model import LinearModel, n_weights_for
from gru_sentiment.baselines.ngrams import Features, Texts, frequent_ngrams
from gru_sentiment.errors import DataError, MissingPackageError

if TYPE_CHECKING:
    import scipy.sparse

MIN_TEXTS = 2
"""Training texts that an n-gram must occur in."""
TFIDF_C, NAIVE_BAYES_C = 10.0, 0.1
"""Inverse strengths of the L2 penalty. The log-count ratios make the features of naive Bayes large,
which needs a stronger penalty."""
MAX_ITERATIONS = 1000


def check_installed() -> str:
    """Return the version of scikit-learn, which fits the baselines.

    Raises:
        MissingPackageError: scikit-learn is not installed.
    """
    try:
        return importlib.metadata.version("scikit-learn")
    except importlib.metadata.PackageNotFoundError as error:
        raise MissingPackageError(
            "fitting a baseline needs scikit-learn, which is not installed",
            hint="pip install scikit-learn",
        ) from error


def check_classes(labels: Integers, names: Sequence[str]) -> None:
    """Check that every class has training rows.

    Raises:
        DataError: a class has none.
    """
    missing = np.flatnonzero(np.bincount(labels, minlength=len(names)) == 0)
    if len(missing):
        raise DataError(
            f"the training split holds no row of class {names[missing[0]]}",
            hint="add reviews of that class to the training split",
        )


def fit_majority(
    _groups: Sequence[Texts], labels: Integers, n_classes: int, weights: Singles | None = None
) -> LinearModel:
    """Fit the shares of the classes in the training split, which are predicted for every text.

    `weights` say how often every text counts, here and below, shape (texts,).
    """
    counts = np.bincount(labels, weights, minlength=n_classes)
    shares = counts / counts.sum()
    odds = np.log(shares) - np.log1p(-shares)
    outputs = n_weights_for(n_classes)
    return LinearModel(
        Features(np.zeros(0, np.int64), longest=1),
        np.zeros((0, outputs), np.float32),
        odds[-outputs:].astype(np.float32),
    )


def fit_tfidf(
    groups: Sequence[Texts], labels: Integers, n_classes: int, weights: Singles | None = None
) -> LinearModel:
    """Fit a logistic regression on TF-IDF features of unigrams and bigrams.

    Counts are dampened (1 + ln count), idf is ln((1 + texts) / (1 + texts with it)) + 1, and every
    text has the norm 1: scikit-learn's TfidfVectorizer with `sublinear_tf`.
    """
    keys, in_texts = frequent_ngrams(groups, 2, MIN_TEXTS)
    n: float = len(labels)
    if weights is not None and len(keys):
        in_texts = weights.astype(np.float64) @ (_matrix(Features(keys, 2), groups) != 0)
        n = float(weights.sum(dtype=np.float64))
    idf = np.log((1 + n) / (1 + in_texts)) + 1
    features = Features(keys, 2, idf.astype(np.float32))
    return _fit(features, groups, labels, n_classes, weights, c=TFIDF_C, weigh=_unweighted)


def fit_naive_bayes(
    groups: Sequence[Texts], labels: Integers, n_classes: int, weights: Singles | None = None
) -> LinearModel:
    """Fit a logistic regression on log-count ratios of unigrams, bigrams and trigrams.

    This is the NB-SVM of Wang & Manning (2012) with the logistic regression of Mesnil et al.
    (2014). The feature of an n-gram that occurs is ln((p / |p|) / (q / |q|)): p counts the texts of
    the class with each n-gram, q those of the other classes, both plus 1. The ratio is multiplied
    into the weight.
    """
    features = Features(frequent_ngrams(groups, 3, MIN_TEXTS)[0], 3)
    return _fit(
        features, groups, labels, n_classes, weights, c=NAIVE_BAYES_C, weigh=log_count_ratios
    )


MODELS: dict[str, Callable[[Sequence[Texts], Integers, int, Singles | None], LinearModel]] = {
    "majority": fit_majority,
    "tfidf": fit_tfidf,
    "nb": fit_naive_bayes,
}


def log_count_ratios(
    counts: scipy.sparse.csr_matrix, positive: Any, weights: Singles | None = None
) -> Floats:
    """Log-count ratios, shape (features,), of binary features, shape (texts, features).

    `positive` says which texts are of the class, shape (texts,).
    """
    often = np.ones(len(positive)) if weights is None else weights.astype(np.float64)
    inside = 1 + (often * positive) @ counts
    outside = 1 + (often * ~positive) @ counts
    ratios: Floats = np.log(inside / inside.sum()) - np.log(outside / outside.sum())
    return ratios


def _unweighted(
    counts: scipy.sparse.csr_matrix, _positive: Any, _weights: Singles | None = None
) -> Floats:
    return np.ones(counts.shape[1])


def _fit(
    features: Features,
    groups: Sequence[Texts],
    labels: Integers,
    n_classes: int,
    weights: Singles | None,
    *,
    c: float,
    weigh: Callable[[scipy.sparse.csr_matrix, Any, Singles | None], Floats],
) -> LinearModel:
    """Fit a logistic regression for each output, on features multiplied by those of `weigh`."""
    from sklearn.linear_model import LogisticRegression

    if not len(features.keys):
        # a logistic regression without features has only its bias
        return fit_majority(groups, labels, n_classes, weights)
    matrix = _matrix(features, groups)
    columns, bias = [], []
    for wanted in range(1, 2) if n_classes == 2 else range(n_classes):
        factors = weigh(matrix, labels == wanted, weights)
        weighed = matrix.copy()
        weighed.data *= factors[matrix.indices]
        regression = LogisticRegression(C=c, max_iter=MAX_ITERATIONS)
        regression.fit(weighed, labels == wanted, sample_weight=weights)
        columns.append(factors * regression.coef_[0])
        bias.append(regression.intercept_[0])
    fitted: Singles = np.stack(columns, axis=1).astype(np.float32)
    return LinearModel(features, fitted, np.array(bias, np.float32))


def _matrix(features: Features, groups: Sequence[Texts]) -> scipy.sparse.csr_matrix:
    """The features of all texts as a sparse matrix, shape (texts, features)."""
    import scipy.sparse

    indices, values, sizes = [], [], [np.zeros(1, np.int64)]
    for texts in groups:
        owners, columns, numbers = features.of(texts)
        indices.append(columns.astype(np.int32))
        values.append(numbers)
        sizes.append(np.bincount(owners, minlength=len(texts[1])))
    starts = np.cumsum(np.concatenate(sizes))
    content = np.concatenate(values), np.concatenate(indices), starts
    return scipy.sparse.csr_matrix(content, shape=(len(starts) - 1, len(features.keys)))
