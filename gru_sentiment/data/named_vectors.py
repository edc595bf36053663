"""Word vectors by name (glove.6B.100d, fasttext.en.300d, …): torchtext finds and caches them.

The only module that imports torchtext, and only while training.
"""

from __future__ import annotations

import logging
import ssl
import urllib.error
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from gru_sentiment.data.vectors import WordVectors
from gru_sentiment.errors import VectorsError

logger = logging.getLogger(__name__)


def named_vectors(name: str, words: Sequence[str], cache: Path) -> WordVectors:
    """Vectors of the set `name` for `words`; downloaded into `cache` the first time.

    Raises:
        VectorsError: no such set, the server is out of reach, or what it sent is damaged.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from torchtext.vocab import pretrained_aliases
    if name not in pretrained_aliases:
        raise VectorsError(
            f"vectors.name: no set {name!r}", hint=f"known: {', '.join(sorted(pretrained_aliases))}"
        )
    cache.mkdir(parents=True, exist_ok=True)
    before = set(cache.iterdir())
    try:
        with _verified_https():
            known = pretrained_aliases[name](cache=str(cache))
    except (OSError, EOFError, RuntimeError, ValueError, zipfile.BadZipFile) as error:
        # torchtext would take a half-written or wrong file for a finished download
        for leftover in set(cache.iterdir()) - before:
            leftover.unlink(missing_ok=True)
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        raise VectorsError(
            f"vectors.name {name}: cannot be downloaded: {reason}",
            hint="check the connection, or use vectors.source package or file",
        ) from error
    rows = np.array([known.stoi.get(word, -1) for word in words])
    found = rows >= 0
    matrix = np.zeros((len(words), known.dim), np.float32)
    matrix[found] = known.vectors.numpy()[rows[found]]
    return WordVectors(matrix, found, name)


@contextmanager
def _verified_https() -> Iterator[None]:
    """torchtext 0.6.0 turns the check of certificates off for the whole process; not here."""
    default, unverified = ssl._create_default_https_context, ssl._create_unverified_context
    ssl._create_unverified_context = ssl.create_default_context  # type: ignore[assignment]
    try:
        yield
    finally:
        ssl._create_default_https_context = default
        ssl._create_unverified_context = unverified
