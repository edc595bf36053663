"""Look at a config's data before training on them."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from gru_sentiment.arrays import Integers
from gru_sentiment.builders.corpus import Corpus, build_corpus
from gru_sentiment.builders.text import build_encoded, build_vectors, build_vocabulary
from gru_sentiment.config.sections import Config
from gru_sentiment.data.encoding import EncodedTexts
from gru_sentiment.data.vocab import UNKNOWN_ID
from gru_sentiment.results.data import DataReport, SplitReport
from gru_sentiment.trainer.initialisation import coverage

PERCENTILES = (5, 25, 50, 75, 95, 99, 100)
RARE_CLASS = 0.1
LOW_COVERAGE = 0.8


def check_data(config: Config, *, progress: bool = False) -> DataReport:
    """Rows, balance, lengths, duplicates, overlaps and coverage of a config's data.

    Raises:
        UserError: data or vectors that training could not use either.
    """
    corpus = build_corpus(config, progress=progress)
    counts = corpus.tokenized.counts(corpus.splits["train"])
    vocabulary = build_vocabulary(config.text, counts)
    covered = coverage(build_vectors(config.vectors, vocabulary), vocabulary, counts)
    encoded = build_encoded(config.text, corpus.tokenized, vocabulary)
    texts = corpus.records.texts.combine_chunks().dictionary_encode().indices.to_numpy()
    splits = {
        name: _split_report(corpus, encoded, texts, rows) for name, rows in corpus.splits.items()
    }
    source = {
        f"{name} of the source": np.asarray(rows) for name, rows in corpus.records.splits.items()
    }
    return DataReport(
        fingerprint=corpus.records.fingerprint,
        splits=splits,
        overlaps=_overlaps(source, texts) | _overlaps(corpus.splits, texts),
        vocabulary=len(vocabulary),
        coverage=covered,
        warnings=_warnings(splits, covered.tokens),
    )


def _split_report(
    corpus: Corpus, encoded: EncodedTexts, texts: Integers, rows: Integers
) -> SplitReport:
    lengths = encoded.full_lengths[rows]
    unknown = sum(int((encoded.ids(row) == UNKNOWN_ID).sum()) for row in rows)
    balance = np.bincount(corpus.label_ids[rows], minlength=len(corpus.labels))
    return SplitReport(
        rows=len(rows),
        labels=dict(zip(corpus.labels.names, balance.tolist(), strict=True)),
        empty_texts=int((lengths == 0).sum()),
        duplicate_texts=len(rows) - len(np.unique(texts[rows])),
        lengths={f"{p} %": int(np.percentile(lengths, p)) for p in PERCENTILES},
        truncated=float(encoded.truncated[rows].mean()),
        out_of_vocabulary=unknown / max(int(lengths.sum()), 1),
    )


def _overlaps(parts: dict[str, Integers], texts: Integers) -> dict[str, int]:
    return {
        f"{a} and {b}": len(np.intersect1d(texts[parts[a]], texts[parts[b]]))
        for a, b in combinations(parts, 2)
    }


def _warnings(splits: dict[str, SplitReport], covered: float) -> list[str]:
    found = []
    for name, split in splits.items():
        for label, rows in split.labels.items():
            if rows < RARE_CLASS * split.rows:
                found.append(f"{name}: only {rows:,} of {split.rows:,} rows are {label}")
        if split.empty_texts:
            found.append(f"{name}: {split.empty_texts:,} texts hold no word")
    if covered < LOW_COVERAGE:
        found.append(
            f"the word vectors know only {covered:.0%} of the text; is text.lowercase right?"
        )
    return found
