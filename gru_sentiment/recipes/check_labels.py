"""Find labels that are likely wrong: those that the other rows contradict."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from gru_sentiment.arrays import Floats, Integers
from gru_sentiment.builders.corpus import Corpus, build_corpus
from gru_sentiment.builders.ngrams import build_ngrams
from gru_sentiment.config.sections import Config
from gru_sentiment.data.labels import check_single
from gru_sentiment.errors import DataError, MissingPackageError
from gru_sentiment.results.data import LabelReport, SuspectLabel
from gru_sentiment.trained.baseline import Baseline

FOLDS = 5
NOWHERE = Path()
"""The folder of a model that is not saved."""
MODEL = "nb"
"""The baseline that predicts each row from the others."""


def check_labels(config: Config, *, progress: bool = False) -> LabelReport:
    """Rank the labels that are likely wrong, the likeliest first (Northcutt et al. 2021).

    Every row gets the probabilities of the baseline of naive Bayes that the other four fifths of
    the rows fit. A label is suspect where its class has a lower probability there than rows of the
    class have on average, and another class has a higher one than is usual for that class.

    Args:
        config: of a training, whose data is checked: the rows of all splits.
        progress: a bar while tokenising, not lines of the log.

    Raises:
        MissingPackageError: cleanlab is not installed.
        UserError: data that a training with this config could not use either, or a class with fewer
            rows than there are folds.
    """
    try:
        from cleanlab.filter import find_label_issues
    except ImportError as error:
        raise MissingPackageError(
            "data check --labels: cleanlab is not installed",
            hint="pip install 'gru-sentiment[clean]'",
        ) from error
    corpus = build_corpus(config, progress=progress)
    check_single(corpus.labels, "data check --labels")
    rows = np.sort(np.concatenate(list(corpus.splits.values())))
    labels = corpus.label_ids[rows]
    probabilities = _out_of_fold(config, corpus, rows)
    # one process: it would fork this one, whose threads may hold a lock
    suspect = find_label_issues(
        labels, probabilities, return_indices_ranked_by="self_confidence", n_jobs=1
    )
    found = []
    for i in suspect.tolist():
        split, number = corpus.records.place(int(rows[i]))
        found.append(
            SuspectLabel(
                split=split,
                row=number,
                text=corpus.records.texts[int(rows[i])].as_py(),
                label=corpus.labels.classes[labels[i]],
                suggested=corpus.labels.classes[int(probabilities[i].argmax())],
                probability=float(probabilities[i, labels[i]]),
            )
        )
    return LabelReport(rows=len(rows), suspects=found)


def _out_of_fold(config: Config, corpus: Corpus, rows: Integers) -> Floats:
    """Probabilities of the classes for rows that the model has not seen, shape (rows, classes).

    Equal texts lie in one fold, so that none is predicted from its double.
    """
    fold_of = _folds(corpus, rows)
    found = np.zeros((len(rows), len(corpus.labels)))
    for fold in range(FOLDS):
        others = replace(corpus, splits={"train": rows[fold_of != fold]})
        fitted = build_ngrams(others, [MODEL])
        model = Baseline(
            NOWHERE, fitted.vocabulary, corpus.labels, fitted.models[MODEL], config=config
        )
        predicted = model.predict(corpus.tokenized, rows[fold_of == fold])
        found[fold_of == fold] = np.exp(predicted.log_probabilities)
    return found


def _folds(corpus: Corpus, rows: Integers) -> Integers:
    """The fold of each row, shape (rows,), the classes in proportion.

    Raises:
        DataError: a class has fewer distinct texts than there are folds.
    """
    texts, labels = corpus.records.text_numbers[rows], corpus.label_ids[rows]
    _, first, text_of = np.unique(texts, return_index=True, return_inverse=True)
    of_text = np.zeros(len(first), np.int64)
    generator = np.random.default_rng(0)
    for label, name in enumerate(corpus.labels.names):
        chosen = np.flatnonzero(labels[first] == label)
        if len(chosen) < FOLDS:
            raise DataError(
                f"class {name} has {len(chosen)} distinct texts, and its labels are checked in "
                f"{FOLDS} parts",
                hint="add rows of that class, or leave it out",
            )
        of_text[generator.permutation(chosen)] = np.arange(len(chosen)) % FOLDS
    folds: Integers = of_text[text_of]
    return folds
