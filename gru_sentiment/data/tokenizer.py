"""Reviews to words, the same way in training and in prediction, and cached for training."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import logging
import os
import re
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gru_sentiment.errors import DataError

if TYPE_CHECKING:
    import datasets

logger = logging.getLogger(__name__)

RULES = 1
"""Raise it whenever the same text and options give other words: it is part of the cache's key."""
TEXTS_A_PROCESS = 2_000
"""Below this a second process costs more to start than it saves."""
LINE_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)


@dataclass(frozen=True)
class Tokenizer:
    """spaCy's rule-based tokenizer for one language; needs no trained pipeline."""

    language: str = "en"
    lowercase: bool = True

    def __call__(self, text: str) -> list[str]:
        """The words of a text: HTML line breaks removed, white space dropped."""
        cleaned = LINE_BREAK.sub(" ", text)
        # casing comes last: the rules look at capitals, as in "Mr." and "U.S."
        words = [word.text for word in _rules(self.language)(cleaned) if not word.is_space]
        return [word.lower() for word in words] if self.lowercase else words

    @property
    def fingerprint(self) -> str:
        """Changes with everything that changes the words of a text."""
        parts = [self.language, self.lowercase, RULES, importlib.metadata.version("spacy")]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


@lru_cache
def _rules(language: str) -> Callable[[str], Iterable[Any]]:
    import spacy

    try:
        rules: Callable[[str], Iterable[Any]] = spacy.blank(language).tokenizer
    except ImportError as error:
        raise DataError(
            f"text.language: spaCy knows no language {language!r}",
            hint="use a code such as en, de or fr; some languages need a package of their own",
        ) from error
    return rules


@dataclass(frozen=True)
class TokenizedTexts:
    """Words of many texts, each distinct word stored once."""

    words: list[str]
    """Distinct words."""
    indices: np.ndarray[Any, np.dtype[np.int32]]
    """Every word of every text, as a position in `words`, shape (tokens,)."""
    offsets: np.ndarray[Any, np.dtype[np.int64]]
    """Text i is `indices[offsets[i]:offsets[i + 1]]`, shape (texts + 1,)."""

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @classmethod
    def from_column(cls, column: pa.ChunkedArray) -> TokenizedTexts:
        """From a column of lists of strings."""
        encoded = pc.list_flatten(column).dictionary_encode().unify_dictionaries()
        lengths = pc.list_value_length(column).to_numpy()
        words = encoded.chunk(0).dictionary.to_pylist() if encoded.num_chunks else []
        indices = [chunk.indices.to_numpy(zero_copy_only=False) for chunk in encoded.chunks]
        return cls(
            words,
            np.concatenate([np.zeros(0, np.int32), *indices]),
            np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]),
        )

    def counts(self, rows: np.ndarray[Any, np.dtype[np.int64]]) -> dict[str, int]:
        """How often each word occurs in the texts `rows`."""
        spans = [self.indices[self.offsets[row] : self.offsets[row + 1]] for row in rows]
        taken = np.concatenate(spans) if spans else self.indices[:0]
        counted = np.bincount(taken, minlength=len(self.words))
        return {self.words[i]: int(counted[i]) for i in np.flatnonzero(counted)}


def tokenize_texts(tokenizer: Tokenizer, texts: Sequence[str]) -> TokenizedTexts:
    """Words of a few texts, at once and uncached."""
    column = pa.chunked_array([pa.array(map(tokenizer, texts), pa.list_(pa.string()))])
    return TokenizedTexts.from_column(column)


def tokenize_dataset(
    tokenizer: Tokenizer,
    dataset: datasets.Dataset,
    *,
    processes: int | None = None,
    cache: Path | None = None,
    progress: bool = False,
) -> TokenizedTexts:
    """Words of the column `text`, from the cache where it knows them.

    The cache is one arrow file (one a process), named after the fingerprints of the data and of
    the tokenizer; `datasets` writes it under a temporary name and renames it, so that two
    processes at once do no harm. `cache` is its folder, `cache_folder()` by default.
    """
    folder = cache or cache_folder()
    key = hashlib.sha256(f"{dataset._fingerprint}-{tokenizer.fingerprint}".encode()).hexdigest()[
        :32
    ]
    done = sorted(folder.glob(f"tokens-{key}*.arrow"))
    workers = _workers(len(dataset), processes)
    if not done:
        _rules(tokenizer.language)  # an unknown language is an error here, not in a worker
        logger.info("tokenising %s texts with %d process(es)", f"{len(dataset):,}", workers)
    with _writing(folder), _interruptible(), _progress_bars(progress):
        folder.mkdir(parents=True, exist_ok=True)
        mapped = dataset.map(
            _tokenize_batch,
            fn_kwargs={"tokenizer": tokenizer},
            batched=True,
            batch_size=500,
            remove_columns=dataset.column_names,
            features=_features(),
            num_proc=workers if workers > 1 else None,
            cache_file_name=str(folder / f"tokens-{key}.arrow"),
            new_fingerprint=key,
            desc="tokenising",
        )
    return TokenizedTexts.from_column(mapped.data.table["tokens"])


def cache_folder() -> Path:
    """$GRU_SENT_CACHE, or gru-sent in the user's cache folder."""
    default = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gru-sent"
    return Path(os.environ.get("GRU_SENT_CACHE") or default)


def _workers(n_texts: int, processes: int | None) -> int:
    cores = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    return min(processes or cores, max(1, n_texts // TEXTS_A_PROCESS))


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DataError(
            f"{folder}: the cache cannot be written: {error.strerror}",
            hint="set GRU_SENT_CACHE to a folder that can",
        ) from error


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let Ctrl-C, which a terminal sends to the workers too, interrupt this process alone.

    Forked workers inherit the handler and pass over the signal; the pool ends them. `datasets`
    waits for them in between and may raise TimeoutError over the interruption.
    """
    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    ours, interrupted = os.getpid(), False

    def interrupt(*_: object) -> None:
        nonlocal interrupted
        if os.getpid() == ours:
            interrupted = True
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if interrupted:  # whatever came of it
            raise KeyboardInterrupt


def _features() -> datasets.Features:
    import datasets

    return datasets.Features({"tokens": datasets.List(datasets.Value("string"))})


@contextmanager
def _progress_bars(shown: bool) -> Iterator[None]:
    """Show the bars of `datasets` or hide them; afterwards all is as before."""
    import datasets

    hidden_before = datasets.are_progress_bars_disabled()
    (datasets.enable_progress_bars if shown else datasets.disable_progress_bars)()
    try:
        yield
    finally:
        (datasets.disable_progress_bars if hidden_before else datasets.enable_progress_bars)()


def _tokenize_batch(
    batch: dict[str, list[str]], tokenizer: Tokenizer
) -> dict[str, list[list[str]]]:
    return {"tokens": [tokenizer(text) for text in batch["text"]]}
