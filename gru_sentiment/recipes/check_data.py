"""Check a config's data before training on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from itertools import combinations

import numpy as np

from gru_sentiment.arrays import Integers
from gru_sentiment.builders.corpus import Corpus, build_corpus, build_training_corpus
from gru_sentiment.builders.dataset import UNLABELLED
from gru_sentiment.builders.text import build_encoded, build_vectors, build_vocabulary
from gru_sentiment.config.sections import Config
from gru_sentiment.data.encoding import EncodedTexts
from gru_sentiment.data.near_duplicates import near_duplicates
from gru_sentiment.data.vocab import UNKNOWN_ID
from gru_sentiment.results.data import Conflict, DataReport, LabelledRow, NearDuplicate, SplitReport
from gru_sentiment.trainer.initialisation import coverage, initialisation_of

PERCENTILES = (5, 25, 50, 75, 95, 99, 100)
"""Of the lengths of the texts, in tokens."""
RARE_CLASS = 0.1
"""A class with a smaller share of a split's rows is warned of."""
LOW_COVERAGE = 0.8
"""Vectors for a smaller share of the text's tokens are warned of."""
MANY_NEAR_DUPLICATES = 0.01
"""A larger share of a split's rows with near duplicates in another split is warned of."""


def check_data(config: Config, *, progress: bool = False) -> DataReport:
    """Rows, classes, lengths, duplicates, overlaps and coverage of a config's data.

    Near duplicates are looked for where datasketch is installed.

    Args:
        config: of a training.
        progress: a bar while tokenising and comparing, not lines of the log.

    Raises:
        UserError: data or vectors that a training with this config could not use either.
    """
    if config.pretraining is None:
        initialisation_of(config)  # what a training starts from must be there
        corpus = build_training_corpus(config, progress=progress)
    else:
        corpus = build_corpus(config, progress=progress)
    rows_of_splits = {name: rows for name, rows in corpus.splits.items() if name != UNLABELLED}
    counts = corpus.tokenized.counts(corpus.splits["train"])
    vocabulary = build_vocabulary(config.text, counts)
    covered = coverage(build_vectors(config.vectors, vocabulary), vocabulary, counts)
    encoded = build_encoded(config.text, corpus.tokenized, vocabulary)
    texts = corpus.records.text_numbers
    distinct = {name: set(texts[rows].tolist()) for name, rows in rows_of_splits.items()}
    of_source = {
        f"{name} of the source": set(texts[rows.start : rows.stop].tolist())
        for name, rows in corpus.records.splits.items()
    }
    splits = {
        name: _split_report(corpus, encoded, name, len(distinct[name])) for name in rows_of_splits
    }
    conflicts = _conflicts(corpus)
    near = None
    if find_spec("datasketch") is not None:
        near = _near_duplicates(corpus, rows_of_splits, progress)
    return DataReport(
        fingerprint=corpus.records.fingerprint,
        splits=splits,
        overlaps=_overlaps(of_source) | _overlaps(distinct),
        vocabulary=len(vocabulary),
        coverage=covered,
        conflicts=conflicts,
        near_duplicates=near,
        warnings=[
            *_warnings(splits, None if config.vectors.source == "none" else covered.tokens),
            *_conflict_warning(conflicts),
            *_near_duplicate_warnings(splits, near or {}),
        ],
    )


def _split_report(
    corpus: Corpus, encoded: EncodedTexts, split: str, distinct_texts: int
) -> SplitReport:
    rows = corpus.splits[split]
    lengths = encoded.full_lengths[rows]
    unknown = sum(int((encoded.ids(row) == UNKNOWN_ID).sum()) for row in rows)
    balance = corpus.labels.counts(corpus.label_ids[rows])
    return SplitReport(
        rows=len(rows),
        labels=dict(zip(corpus.labels.names, balance.tolist(), strict=True)),
        empty_texts=int((lengths == 0).sum()),
        duplicate_texts=len(rows) - distinct_texts,
        lengths={f"{p} %": int(np.percentile(lengths, p)) for p in PERCENTILES},
        truncated=float(encoded.truncated[rows].mean()),
        out_of_vocabulary=unknown / max(int(lengths.sum()), 1),
    )


def _overlaps(distinct: Mapping[str, set[int]]) -> dict[str, int]:
    """Number of texts in common, by pair."""
    return {f"{a} and {b}": len(distinct[a] & distinct[b]) for a, b in combinations(distinct, 2)}


def _conflicts(corpus: Corpus) -> list[Conflict]:
    """The texts whose rows do not all have one label, in the order of the rows."""
    texts = corpus.records.text_numbers
    labels = corpus.label_ids[: len(texts)]  # unlabelled texts come after these
    pairs = np.unique(np.column_stack([texts, labels]), axis=0)
    numbers, n_labels = np.unique(pairs[:, 0], return_counts=True)
    rows = np.flatnonzero(np.isin(texts, numbers[n_labels > 1]))
    by_text: dict[int, list[LabelledRow]] = {}
    for row in rows.tolist():
        by_text.setdefault(int(texts[row]), []).append(_labelled_row(corpus, row))
    return [
        Conflict(corpus.records.texts[int(np.argmax(texts == number))].as_py(), of_text)
        for number, of_text in by_text.items()
    ]


def _labelled_row(corpus: Corpus, row: int) -> LabelledRow:
    label = corpus.labels.label_of(corpus.label_ids[row])
    return LabelledRow(*corpus.records.place(row), label)


def _near_duplicates(
    corpus: Corpus, splits: Mapping[str, Integers], progress: bool
) -> dict[str, dict[str, list[NearDuplicate]]]:
    found = near_duplicates(corpus.tokenized, splits, progress=progress)
    return {
        split: {
            earlier: [
                NearDuplicate(
                    _labelled_row(corpus, pair.row),
                    _labelled_row(corpus, pair.earlier_row),
                    pair.similarity,
                )
                for pair in pairs
            ]
            for earlier, pairs in by_earlier.items()
        }
        for split, by_earlier in found.items()
    }


def _near_duplicate_warnings(
    splits: Mapping[str, SplitReport], near: Mapping[str, Mapping[str, list[NearDuplicate]]]
) -> Iterator[str]:
    for split, by_earlier in near.items():
        for earlier, pairs in by_earlier.items():
            if len(pairs) > MANY_NEAR_DUPLICATES * splits[split].rows:
                first = f"{pairs[0].row.split} row {pairs[0].row.row}"
                other = f"{pairs[0].other.split} row {pairs[0].other.row}"
                yield (
                    f"{split}: {len(pairs):,} of {splits[split].rows:,} rows almost equal a row of "
                    f"{earlier}, which makes scores too high ({first}: {other}); --json lists them"
                )


def _conflict_warning(conflicts: list[Conflict]) -> list[str]:
    if not conflicts:
        return []
    rows = [row for conflict in conflicts for row in conflict.rows]
    first = ", ".join(f"{r.split} row {r.row}: {r.label}" for r in conflicts[0].rows[:4])
    n = len(conflicts)
    return [
        f"{n:,} {'texts have' if n > 1 else 'text has'} more than one label ({len(rows):,} rows; "
        f"{first}); --json lists them"
    ]


def _warnings(splits: Mapping[str, SplitReport], covered: float | None) -> list[str]:
    """What may spoil a training, in sentences; `covered` is the share of tokens with a vector."""
    warnings = []
    for name, split in splits.items():
        for label, rows in split.labels.items():
            if rows < RARE_CLASS * split.rows:
                warnings.append(f"{name}: only {rows:,} of {split.rows:,} rows are {label}")
        if split.empty_texts:
            warnings.append(f"{name}: {split.empty_texts:,} texts hold no word")
    if covered is not None and covered < LOW_COVERAGE:
        warnings.append(
            f"the word vectors cover only {covered:.0%} of the text; is text.lowercase right?"
        )
    return warnings
