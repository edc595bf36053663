"""From the config's data section to tokenised texts, labelled and not."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from gru_sentiment.arrays import Integers
from gru_sentiment.builders.dataset import (
    UNLABELLED,
    Dataset,
    Unlabelled,
    build_dataset,
    build_training_dataset,
)
from gru_sentiment.config.sections import Config, TextConfig
from gru_sentiment.data.labels import no_labels
from gru_sentiment.data.token_cache import tokenize_cached
from gru_sentiment.data.tokenizer import TokenizedTexts, Tokenizer
from gru_sentiment.errors import ConfigError, DataError
from gru_sentiment.sources.records import Records


@dataclass(frozen=True, kw_only=True)
class Corpus(Dataset):
    """Tokenised texts, the unlabelled ones behind the labelled ones."""

    label_ids: Integers
    """Class index of every row, shape (rows,)."""
    tokenized: TokenizedTexts

    @property
    def trained_on(self) -> Integers:
        """Rows that are read in training, labelled or not."""
        parts = [self.splits[part] for part in ("train", UNLABELLED) if part in self.splits]
        return np.concatenate(parts)


def build_corpus(config: Config, *, progress: bool = False) -> Corpus:
    """`build_dataset`, tokenised (or taken from the cache)."""
    return _tokenized(config, build_dataset(config), progress)


def _tokenized(config: Config, dataset: Dataset, progress: bool) -> Corpus:
    """A corpus, with the split `unlabelled` where the data set has such texts."""
    records, more = dataset.records, dataset.unlabelled
    label_ids, splits = dataset.labels.indices(records.labels), dataset.splits
    tokenized = build_tokenized(config, records, progress=progress)
    if more is not None:
        splits = {**splits, UNLABELLED: len(tokenized) + more.rows}
        found = build_tokenized(config, more, progress=progress)
        label_ids = np.concatenate([label_ids, no_labels(len(found))])
        tokenized = TokenizedTexts.joined([tokenized, found])
    # what parsing and tokenising took is not needed again: room for the training
    pa.default_memory_pool().release_unused()
    return Corpus(
        records=records,
        labels=dataset.labels,
        splits=splits,
        unlabelled=more,
        label_ids=label_ids,
        tokenized=tokenized,
    )


def build_tokenizer(config: TextConfig) -> Tokenizer:
    """The config's tokenizer."""
    return Tokenizer(config.language, config.lowercase)


def build_tokenized(
    config: Config, records: Records | Unlabelled, *, progress: bool = False
) -> TokenizedTexts:
    """Words of all texts (from the cache where it knows them)."""
    return tokenize_cached(
        build_tokenizer(config.text),
        records.texts,
        records.fingerprint,
        processes=config.run.processes,
        progress=progress,
    )


def build_training_corpus(config: Config, *, progress: bool = False) -> Corpus:
    """`build_training_dataset`, tokenised, for a classifier.

    Raises:
        ConfigError: the config names no such texts.
        DataError: too few of them.
    """
    corpus = _tokenized(config, build_training_dataset(config), progress)
    wanted = config.training.unlabelled
    if wanted is None:
        return corpus
    if corpus.unlabelled is None:
        raise ConfigError(
            "data.unlabelled_path: needed for training.unlabelled, it is where the reviews without "
            "labels are",
            hint="--set data.unlabelled_path=FILE, or take training.unlabelled out",
        )
    if len(corpus.unlabelled.rows) < wanted.batch_size:
        raise DataError(
            f"training.unlabelled.batch_size: {wanted.batch_size} is more than the "
            f"{len(corpus.unlabelled.rows):,} unlabelled texts",
            hint="lower it, or add texts",
        )
    return corpus


@dataclass(frozen=True)
class TextCorpus:
    """Tokenised texts without labels."""

    tokenized: TokenizedTexts
    rows: Integers
    """Texts to train on."""
    held_out: Integers
    """Texts to measure the perplexity on."""
    fingerprint: str
    """Changes with any byte of the texts."""
    seen: Integers
    """Of all texts: the held-out ones choose the best epoch."""


def build_text_corpus(config: Config, *, progress: bool = False) -> TextCorpus:
    """The training part of the config's data and its unlabelled texts.

    What the validation and test parts hold is left out, wherever else it stands.

    Raises:
        DataError: no such texts, or texts that are the test part.
    """
    corpus = _tokenized(config, build_training_dataset(config), progress)
    fingerprint, rows = corpus.records.fingerprint, corpus.trained_on
    if corpus.unlabelled is not None:
        both = f"{fingerprint}-{corpus.unlabelled.fingerprint}"
        fingerprint = hashlib.sha256(both.encode()).hexdigest()[:32]
    assert config.pretraining is not None
    size = config.pretraining.held_out
    n = int(size if size >= 1 else round(size * len(rows)))
    if not 0 < n < len(rows):
        raise DataError(
            f"pretraining.held_out: {size} of {len(rows):,} texts leaves none on one side",
            hint="choose a number of texts, or a share, between",
        )
    shuffled = np.random.default_rng(config.data.seed).permutation(rows)
    return TextCorpus(
        corpus.tokenized, np.sort(shuffled[n:]), np.sort(shuffled[:n]), fingerprint, corpus.seen
    )
