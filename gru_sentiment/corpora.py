"""From the config's data section to tokenised texts, labelled and not."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute

from gru_sentiment.batch import NO_LABEL
from gru_sentiment.config.sections import Config, DataConfig, TextConfig
from gru_sentiment.data.labels import Integers, Labels
from gru_sentiment.data.token_cache import tokenize_cached
from gru_sentiment.data.tokenizer import TokenizedTexts, Tokenizer
from gru_sentiment.errors import ConfigError, DataError
from gru_sentiment.sources.files import load_files
from gru_sentiment.sources.folder import load_folder
from gru_sentiment.sources.hub import load_hub
from gru_sentiment.sources.package import load_package
from gru_sentiment.sources.records import Hashes, Records, fingerprint_of, hash_texts
from gru_sentiment.sources.splits import split_rows
from gru_sentiment.sources.unlabelled import unlabelled_file, unlabelled_split

logger = logging.getLogger(__name__)


UNLABELLED = "unlabelled"
"""The part of a corpus that has no labels."""


@dataclass(frozen=True)
class Unlabelled:
    """Texts without labels, but for those that a model will be tested on."""

    texts: pa.ChunkedArray
    """All of them."""
    rows: Integers
    """Those that are read."""
    fingerprint: str
    """Changes with any byte of the texts."""


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """Texts and their splits, not tokenised yet."""

    records: Records
    """The labelled ones."""
    labels: Labels
    splits: dict[str, Integers]
    """Rows of every split."""
    unlabelled: Unlabelled | None = None
    """More texts that are read in training, where the config trains on them."""

    def texts(self, split: str) -> pa.ChunkedArray:
        """The texts of a split of the labelled ones; none where there is no such split."""
        return self.records.texts.take(pa.array(self.splits.get(split, []), pa.int64()))

    @property
    def seen(self) -> Hashes:
        """Hashes of all texts that are read in training."""
        more = self.unlabelled
        read = [] if more is None else [more.texts.take(pa.array(more.rows))]
        return hash_texts(self.texts("train"), *read)


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


def build_records(config: DataConfig) -> Records:
    """The reviews of the config's source."""
    columns = {
        "text_column": config.text_column,
        "label_column": config.label_column,
        "label_names": config.label_names,
    }
    sources: dict[str, Callable[[], Records]] = {
        "package": load_package,
        "folder": lambda: load_folder(config.path),  # type: ignore[arg-type]
        "hub": lambda: load_hub(
            config.dataset or "",
            revision=config.revision,
            train_split=config.train_split,
            test_split=config.test_split,
            **columns,  # type: ignore[arg-type]
        ),
        "files": lambda: load_files(
            {
                part: path
                for part, path in (
                    ("train", config.path),
                    ("validation", config.validation_path),
                    ("test", config.test_path),
                )
                if path is not None
            },
            **columns,  # type: ignore[arg-type]
        ),
    }
    return sources[config.source]()


def build_splits(config: DataConfig, records: Records, labels: Labels) -> dict[str, Integers]:
    """Rows of every part, from the config's sizes and seed."""
    return split_rows(
        records.texts,
        labels.indices(records.labels),
        records.parts,
        validation_size=config.validation_size,
        test_size=config.test_size,
        train_size=config.train_size,
        seed=config.seed,
        class_names=labels.names,
    )


def build_dataset(config: Config) -> Dataset:
    """The labelled texts of the config's source and their splits.

    Raises:
        DataError: texts that cannot be read or divided.
    """
    records = build_records(config.data)
    labels = Labels.found_in(records.labels)
    splits = build_splits(config.data, records, labels)
    return Dataset(records=records, labels=labels, splits=splits)


def build_training_dataset(config: Config) -> Dataset:
    """`build_dataset` with all that is read in training.

    A language model reads the unlabelled texts that there are, a classifier those of
    `training.unlabelled`. What the validation and test splits hold is left out of them.

    Raises:
        DataError: as `build_dataset`, or unlabelled texts that are a test split.
    """
    labelled = build_dataset(config)
    if config.pretraining is None and config.training.unlabelled is None:
        return labelled
    return replace(labelled, unlabelled=_unlabelled(config.data, labelled))


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
        label_ids = np.concatenate([label_ids, np.full(len(found), NO_LABEL)])
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
    seen: Hashes
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


def _unlabelled(data: DataConfig, labelled: Dataset) -> Unlabelled | None:
    """The config's unlabelled texts without those of validation and test, where it names any."""
    table = _unlabelled_table(data)
    if table is None:
        return None
    tested: dict[str, pa.ChunkedArray] = {
        split: labelled.texts(split) for split in ("validation", "test") if split in labelled.splits
    }
    rows = _drawn(_without(table, tested), data.unlabelled_size, data.seed)
    return Unlabelled(table["text"], rows, fingerprint_of(table))


def _unlabelled_table(data: DataConfig) -> pa.Table | None:
    if data.unlabelled_path is not None:
        return unlabelled_file(data.unlabelled_path, data.text_column)
    if data.unlabelled_split is not None:
        return unlabelled_split(
            data.dataset or "",
            data.unlabelled_split,
            revision=data.revision,
            text_column=data.text_column,
        )
    return None


def _without(table: pa.Table, tested: Mapping[str, pa.ChunkedArray]) -> Integers:
    """Rows whose text is none of those that the model will be tested on."""
    keep = np.ones(len(table), bool)
    for part, texts in tested.items():
        known = pa.compute.is_in(table["text"], value_set=texts).to_numpy()
        if known.sum() > len(texts) / 2:
            raise DataError(
                f"the unlabelled texts hold {known.sum():,} of the {len(texts):,} texts of the "
                f"{part} part: what a model will be tested on must not be read before",
                hint="give other texts",
            )
        if known.any():
            logger.info(
                "%d unlabelled texts left out: they stand in the %s part", known.sum(), part
            )
        keep &= ~known
    return np.flatnonzero(keep)


def _drawn(rows: Integers, n: int | None, seed: int) -> Integers:
    """`n` of the rows that may be read, in ascending order; all by default."""
    if n is None:
        return rows
    if n > len(rows):
        raise DataError(
            f"data.unlabelled_size: {n:,}; {len(rows):,} unlabelled texts may be read",
            hint="lower it, or set it to null for all",
        )
    return np.sort(np.random.default_rng(seed).permutation(rows)[:n])
