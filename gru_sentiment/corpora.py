"""All the texts that a language model is trained on."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute

from gru_sentiment.build import build_corpus, build_tokenizer
from gru_sentiment.config import Config
from gru_sentiment.data.encoding import Integers
from gru_sentiment.data.token_cache import tokenize_cached
from gru_sentiment.data.tokenizer import TokenizedTexts
from gru_sentiment.errors import DataError
from gru_sentiment.sources.records import fingerprint_of
from gru_sentiment.sources.unlabelled import unlabelled_file, unlabelled_split

logger = logging.getLogger(__name__)


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
