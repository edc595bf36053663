"""The words of a data set, tokenised once and kept on disk."""

from __future__ import annotations

import ctypes
import hashlib
import logging
import multiprocessing
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa

from gru_sentiment.data.tokenizer import TokenizedTexts, Tokenizer, rules
from gru_sentiment.errors import DataError
from gru_sentiment.machine.progress import progress_of
from gru_sentiment.machine.signals import StopRequest

logger = logging.getLogger(__name__)

TEXTS_A_PROCESS = 2_000
"""Below this a second process costs more to start than it saves."""
BATCH, WINDOW = 1_000, 32
"""Texts that a process takes at a time; batches that are handed out at a time."""
PR_SET_PDEATHSIG = 1
COLUMNS = ["words", "indices", "offsets"]
DIGEST = 64
"""Bytes before the stream; a multiple of 64, so that what is mapped stays aligned."""


def tokenize_cached(
    tokenizer: Tokenizer,
    texts: pa.ChunkedArray,
    fingerprint: str,
    *,
    processes: int | None = None,
    cache: Path | None = None,
    progress: bool = False,
) -> TokenizedTexts:
    """Words of `texts`, memory-mapped from the cache.

    A file of the cache is named after `fingerprint`, which stands for the texts, and after the
    tokenizer's. It appears whole or not at all, so two processes at once do no harm, and one that
    was damaged is made again. `cache` is the folder, `cache_folder()` by default.

    Raises:
        DataError: an unknown language, or a folder that cannot be read or written.
    """
    folder = cache or cache_folder()
    key = hashlib.sha256(f"{fingerprint}-{tokenizer.fingerprint}".encode()).hexdigest()
    path = folder / f"{key[:32]}.words"
    found = _load(path)
    if found is None:
        rules(tokenizer.language)  # loaded once for all processes; an unknown one is found here
        with _writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=".words-", dir=folder) as work:
                _save(_tokenize(tokenizer, texts, processes, progress), Path(work) / path.name)
                os.replace(Path(work) / path.name, path)
        found = _load(path)
    assert found is not None
    return found


def _tokenize(
    tokenizer: Tokenizer, texts: pa.ChunkedArray, processes: int | None, progress: bool
) -> TokenizedTexts:
    n_workers = workers(len(texts), processes)
    logger.info("tokenising %s texts with %d process(es)", f"{len(texts):,}", n_workers)
    with (
        StopRequest() as stop,
        progress_of("tokenising", "text", len(texts), bar=progress) as count,
        mapping(n_workers) as apply,
    ):

        def parts() -> Iterator[TokenizedTexts]:
            for start in range(0, len(texts), WINDOW * BATCH):
                window = texts.slice(start, WINDOW * BATCH)
                # lists, because a slice is sent with all that it was cut from
                batches = (window.slice(i, BATCH).to_pylist() for i in range(0, len(window), BATCH))
                for part in apply(tokenizer.many, batches):
                    # here and not at once: an exception in the midst of starting processes would
                    # leave some that nobody ends
                    stop.grant()
                    count(len(part))
                    yield part

        return TokenizedTexts.joined(parts())


@contextmanager
def mapping(processes: int) -> Iterator[Callable[..., Iterator[Any]]]:
    """`map`, by that many processes; they end with their batch after an error or Ctrl-C here."""
    if processes == 1:
        yield map
        return
    # forked, a worker starts in milliseconds, with the rules loaded
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else None)
    pool = ProcessPoolExecutor(processes, mp_context=context, initializer=_begin_worker)
    try:
        yield pool.map
    except BrokenProcessPool as error:
        raise DataError(
            "a process that tokenised was killed, perhaps for want of memory",
            hint="free some memory, or set run.processes to 1",
        ) from error
    finally:
        # they end their batch and go; one that is killed may leave a full queue, on which Python
        # 3.11 waits for ever
        pool.shutdown(cancel_futures=True)


def _begin_worker() -> None:
    """Leave it to the process that started this one to end it, and do not outlive it."""
    for number in (signal.SIGINT, signal.SIGTERM):  # a whole group receives them
        signal.signal(number, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _save(tokenized: TokenizedTexts, path: Path) -> None:
    """SHA-256 in hexadecimal, then an Arrow stream of one row, a list a column."""
    row = pa.record_batch(
        [
            pa.array([tokenized.words], pa.list_(pa.string())),
            pa.LargeListArray.from_arrays([0, len(tokenized.indices)], tokenized.indices),
            pa.LargeListArray.from_arrays([0, len(tokenized.offsets)], tokenized.offsets),
        ],
        names=COLUMNS,
    )
    stream = pa.BufferOutputStream()
    with pa.ipc.new_stream(stream, row.schema) as writer:
        writer.write_batch(row)
    content = stream.getvalue()
    with path.open("wb") as file:
        file.write(hashlib.sha256(content).hexdigest().encode())
        file.write(content)


def _load(path: Path) -> TokenizedTexts | None:
    """What `_save` wrote; None where there is nothing, or nothing that can be trusted.

    Raises:
        DataError: a file that cannot be read.
    """
    if not path.exists():
        return None
    with _reading(path), pa.memory_map(str(path)) as file:
        content = file.read_buffer()
    if hashlib.sha256(content[DIGEST:]).hexdigest().encode() != bytes(content[:DIGEST]):
        logger.warning("%s is damaged: tokenising again", path)
        return None
    row = pa.ipc.open_stream(content[DIGEST:]).read_next_batch()
    words, indices, offsets = (row.column(name).values for name in COLUMNS)
    return TokenizedTexts(words.to_pylist(), indices.to_numpy(), offsets.to_numpy())


def cache_folder() -> Path:
    """$GRU_SENT_CACHE, or gru-sent in the user's cache folder."""
    default = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gru-sent"
    return Path(os.environ.get("GRU_SENT_CACHE") or default)


def workers(n_texts: int, processes: int | None) -> int:
    """Processes that so many texts are worth: `processes`, by default one a core, at most."""
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
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DataError(
            f"{path}: the cache cannot be read: {error.strerror or error}",
            hint="remove that file, or set GRU_SENT_CACHE to another folder",
        ) from error
