"""Builds tokenised texts from the sections `data` and `text`."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from gru_sentiment.arrays import Integers, Singles
from gru_sentiment.builders.dataset import (
    UNLABELLED,
    Dataset,
    Unlabelled,
    build_dataset,
    build_training_dataset,
)
from gru_sentiment.builders.objective import check_classes
from gru_sentiment.config.sections import Config, TextConfig
from gru_sentiment.data.labels import no_labels
from gru_sentiment.data.token_cache import tokenize_cached
from gru_sentiment.data.tokenizer import Tokenizer
from gru_sentiment.data.tokens import TokenizedTexts
from gru_sentiment.errors import ConfigError, DataError
from gru_sentiment.sources.records import Records


@dataclass(frozen=True, kw_only=True)
class Corpus(Dataset):
    """A dataset with tokens. The unlabelled texts come after the labelled ones."""

    label_ids: Integers
    """Class index of every text, NO_LABEL for an unlabelled one, shape (texts,); or the targets of
    label sets, shape (texts, classes)."""
    tokenized: TokenizedTexts
    """The tokens of all texts."""

    @property
    def weights(self) -> Singles | None:
        """How often every text counts in training, shape (texts,); None where all count once."""
        weights = self.records.weights
        if weights is None:
            return None
        return np.pad(weights, (0, len(self.tokenized) - len(weights)), constant_values=1)

    @property
    def trained_on(self) -> Integers:
        """The texts that are read in training, labelled or not, shape (texts,)."""
        read = [self.splits[split] for split in ("train", UNLABELLED) if split in self.splits]
        return np.concatenate(read)


def build_corpus(config: Config, *, progress: bool = False) -> Corpus:
    """`build_dataset` with tokens.

    Raises:
        DataError: the texts cannot be read, split or tokenised.
    """
    return _tokenized(config, build_dataset(config), progress)


def _tokenized(config: Config, dataset: Dataset, progress: bool) -> Corpus:
    """Tokenise a dataset; its unlabelled texts, if any, become the split `unlabelled`."""
    records, unlabelled = dataset.records, dataset.unlabelled
    label_ids, splits = dataset.labels.indices(records.labels), dataset.splits
    tokenized = build_tokenized(config, records, progress=progress)
    if unlabelled is not None:
        splits = {**splits, UNLABELLED: len(tokenized) + unlabelled.rows}
        more = build_tokenized(config, unlabelled, progress=progress)
        label_ids = np.concatenate([label_ids, no_labels(len(more))])
        tokenized = TokenizedTexts.joined([tokenized, more])
    # give back the memory that parsing and tokenising took, before the training needs it
    pa.default_memory_pool().release_unused()
    return Corpus(
        records=records,
        labels=dataset.labels,
        splits=splits,
        unlabelled=unlabelled,
        label_ids=label_ids,
        tokenized=tokenized,
    )


def build_tokenizer(config: TextConfig) -> Tokenizer:
    """The tokenizer of the section `text`."""
    return Tokenizer(config.language, config.lowercase)


def build_tokenized(
    config: Config, records: Records | Unlabelled, *, progress: bool = False
) -> TokenizedTexts:
    """Tokenise all texts, or take their tokens from the cache."""
    return tokenize_cached(
        build_tokenizer(config.text),
        records.texts,
        records.fingerprint,
        processes=config.run.processes,
        progress=progress,
    )


def build_training_corpus(config: Config, *, progress: bool = False) -> Corpus:
    """`build_training_dataset` with tokens, for a classifier.

    Raises:
        ConfigError: the config trains on unlabelled texts and names none.
        DataError: the loss does not fit the classes, or there are fewer unlabelled texts than a
            batch needs.
    """
    dataset = build_training_dataset(config)
    check_classes(config.training, dataset.labels)
    corpus = _tokenized(config, dataset, progress)
    training = config.training.unlabelled
    if training is None:
        return corpus
    if corpus.unlabelled is None:
        raise ConfigError(
            "data.unlabelled_path: needed for training.unlabelled",
            hint="--set data.unlabelled_path=FILE, or remove training.unlabelled",
        )
    if len(corpus.unlabelled.rows) < training.batch_size:
        raise DataError(
            f"training.unlabelled.batch_size: {training.batch_size} is more than the "
            f"{len(corpus.unlabelled.rows):,} unlabelled texts",
            hint="lower it, or add texts",
        )
    return corpus


@dataclass(frozen=True)
class TextCorpus:
    """Tokenised texts for a language model."""

    tokenized: TokenizedTexts
    rows: Integers
    """Texts to train on, shape (texts,)."""
    held_out: Integers
    """Texts that the perplexity is measured on, shape (texts,)."""
    fingerprint: str
    """A hash of all texts."""
    seen: Integers
    """Hashes of all texts, with the held-out ones, which choose the best epoch."""


def build_text_corpus(config: Config, *, progress: bool = False) -> TextCorpus:
    """The texts of a language model: the training split and the unlabelled texts.

    Texts of the validation and test splits are left out.

    Raises:
        DataError: the texts cannot be read, the unlabelled texts are a test split, or
            `pretraining.held_out` leaves no texts to train on or to measure on.
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
