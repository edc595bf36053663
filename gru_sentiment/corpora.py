"""From the config's data section to tokenised texts, labelled and not."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute

from gru_sentiment.config import Config, DataConfig, TextConfig
from gru_sentiment.data.labels import Integers, Labels
from gru_sentiment.data.token_cache import tokenize_cached
from gru_sentiment.data.tokenizer import TokenizedTexts, Tokenizer
from gru_sentiment.errors import DataError
from gru_sentiment.sources.files import load_files
from gru_sentiment.sources.folder import load_folder
from gru_sentiment.sources.hub import load_hub
from gru_sentiment.sources.package import load_package
from gru_sentiment.sources.records import Records, fingerprint_of
from gru_sentiment.sources.splits import split_rows
from gru_sentiment.sources.unlabelled import unlabelled_file, unlabelled_split

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Corpus:
    """Labelled reviews, divided and tokenised."""

    records: Records
    labels: Labels
    label_ids: Integers
    """Class index of every row, shape (rows,)."""
    splits: dict[str, Integers]
    """Rows of every part."""
    tokenized: TokenizedTexts


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


def build_corpus(config: Config, *, progress: bool = False) -> Corpus:
    """Reviews of the config's source, divided and tokenised (or taken from the cache)."""
    records = build_records(config.data)
    labels = Labels.found_in(records.labels)
    splits = build_splits(config.data, records, labels)
    tokenized = build_tokenized(config, records, progress=progress)
    # what parsing and tokenising took is not needed again: room for the training
    pa.default_memory_pool().release_unused()
    return Corpus(records, labels, labels.indices(records.labels), splits, tokenized)


def build_tokenizer(config: TextConfig) -> Tokenizer:
    """The config's tokenizer."""
    return Tokenizer(config.language, config.lowercase)


def build_tokenized(config: Config, records: Records, *, progress: bool = False) -> TokenizedTexts:
    """Words of all texts (from the cache where it knows them)."""
    return tokenize_cached(
        build_tokenizer(config.text),
        records.texts,
        records.fingerprint,
        processes=config.run.processes,
        progress=progress,
    )


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


def build_text_corpus(config: Config, *, progress: bool = False) -> TextCorpus:
    """The training part of the config's data and its unlabelled texts.

    What the validation and test parts hold is left out, wherever else it stands.

    Raises:
        DataError: no such texts, or texts that are the test part.
    """
    corpus = build_corpus(config, progress=progress)
    tokenized, fingerprint = corpus.tokenized, corpus.records.fingerprint
    rows = corpus.splits["train"]
    more = _unlabelled(config)
    if more is not None:
        tested: dict[str, pa.ChunkedArray] = {
            part: corpus.records.texts.take(pa.array(corpus.splits[part]))
            for part in ("validation", "test")
            if part in corpus.splits
        }
        kept = _without(more, tested)
        own = fingerprint_of(more)
        found = tokenize_cached(
            build_tokenizer(config.text),
            more["text"],
            own,
            processes=config.run.processes,
            progress=progress,
        )
        rows = np.concatenate([rows, len(tokenized) + kept])
        tokenized = TokenizedTexts.joined([tokenized, found])
        fingerprint = hashlib.sha256(f"{fingerprint}-{own}".encode()).hexdigest()[:32]
    assert config.pretraining is not None
    size = config.pretraining.held_out
    n = int(size if size >= 1 else round(size * len(rows)))
    if not 0 < n < len(rows):
        raise DataError(
            f"pretraining.held_out: {size} of {len(rows):,} texts leaves none on one side",
            hint="choose a number of texts, or a share, between",
        )
    shuffled = np.random.default_rng(config.data.seed).permutation(rows)
    return TextCorpus(tokenized, np.sort(shuffled[n:]), np.sort(shuffled[:n]), fingerprint)


def _unlabelled(config: Config) -> pa.Table | None:
    data = config.data
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
