"""Word vectors by name (glove.6B.100d, fasttext.en.300d, …): torchtext finds and caches them.

The only module that imports torchtext, and only while training.
"""

from __future__ import annotations

import http.client
import ssl
import tarfile
import tempfile
import urllib.error
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from gru_sentiment.data.vectors import WordVectors
from gru_sentiment.errors import VectorsError

DAMAGED = (
    OSError,
    EOFError,
    RuntimeError,
    TypeError,
    ValueError,
    http.client.HTTPException,
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What torchtext raises when a server, its answer or the cache is not as it should be."""


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
    folder = cache / name
    try:
        with _verified_https():
            known = _loaded(pretrained_aliases[name], folder)
    except DAMAGED as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        raise VectorsError(
            f"vectors.name {name}: cannot be downloaded or read: {_first_line(reason)}",
            hint=f"check the connection, delete {folder} if it is there, or use vectors.source "
            "package or file",
        ) from error
    rows = np.array([known.stoi.get(word, -1) for word in words])
    found = rows >= 0
    matrix = np.zeros((len(words), known.dim), np.float32)
    matrix[found] = known.vectors.numpy()[rows[found]]
    return WordVectors(matrix, found, name)


def _first_line(reason: object) -> str:
    return (str(reason).splitlines() or [type(reason).__name__])[0]


def _loaded(alias: Callable[..., Any], folder: Path) -> Any:
    """The set from `folder`, which a download fills as a whole or not at all.

    torchtext takes any file that is there, half-written or wrong, for a finished download.
    """
    if folder.is_dir():
        for tensors in folder.glob("*.pt"):
            if not zipfile.is_zipfile(tensors):  # torch.save writes one
                raise zipfile.BadZipFile(f"{tensors} is damaged")
        return alias(cache=str(folder))
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as partial:
        known = alias(cache=partial)
        kept = Path(partial) / "kept"
        kept.mkdir()
        for tensors in Path(partial).glob("*.pt"):
            tensors.rename(kept / tensors.name)
        if not folder.exists():
            kept.rename(folder)
    return known


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
