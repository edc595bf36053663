"""The tokens of a dataset, cached on disk."""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from gru_sentiment.data.tokenizer import Tokenizer, rules
from gru_sentiment.data.tokens import TokenizedTexts
from gru_sentiment.errors import DataError
from gru_sentiment.machine.processes import n_workers_for, process_map
from gru_sentiment.machine.progress import progress_of
from gru_sentiment.machine.signals import StopRequest

logger = logging.getLogger(__name__)

TEXTS_A_TASK, TASKS_AT_A_TIME = 1_000, 32
"""Texts that a process tokenises at a time; tasks that are handed out at a time."""
CACHE_COLUMNS = ["words", "indices", "offsets"]
"""Names of the columns in a cache file."""
DIGEST = 64
"""Bytes of the SHA-256 before the stream; a multiple of 64 keeps the mapped arrays aligned."""


def tokenize_cached(
    tokenizer: Tokenizer,
    texts: pa.ChunkedArray,
    fingerprint: str,
    *,
    processes: int | None = None,
    cache: Path | None = None,
    progress: bool = False,
) -> TokenizedTexts:
    """The tokens of `texts`, memory-mapped from the cache; texts that are new to it are tokenised.

    A cache file is written whole or not at all, so several processes may write it at once. A
    damaged file is written again.

    Args:
        tokenizer: its fingerprint is part of the name of the cache file.
        texts: the texts.
        fingerprint: a name for the texts, the other part of the name of the cache file.
        processes: how many may tokenise; None is one for each core.
        cache: the folder of the cache; None is `cache_folder()`.
        progress: show a progress bar.

    Raises:
        DataError: the language is unknown, or the folder cannot be read or written.
    """
    folder = cache or cache_folder()
    key = hashlib.sha256(f"{fingerprint}-{tokenizer.fingerprint}".encode()).hexdigest()
    path = folder / f"{key[:32]}.words"
    tokenized = _load(path)
    if tokenized is None:
        rules(tokenizer.language)  # loaded once for all processes, and refused here if unknown
        with _writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=".words-", dir=folder) as work:
                _save(_tokenize(tokenizer, texts, processes, progress), Path(work) / path.name)
                os.replace(Path(work) / path.name, path)
        tokenized = _load(path)
    assert tokenized is not None
    return tokenized


def _tokenize(
    tokenizer: Tokenizer, texts: pa.ChunkedArray, processes: int | None, progress: bool
) -> TokenizedTexts:
    n_workers = n_workers_for(len(texts), processes)
    logger.info("tokenising %s texts with %d process(es)", f"{len(texts):,}", n_workers)
    with (
        StopRequest() as stop,
        progress_of("tokenising", "text", len(texts), bar=progress) as count,
        process_map(tokenizer.many, n_workers, hint="set run.processes to 1") as apply,
    ):

        def batches_of_tokens() -> Iterator[TokenizedTexts]:
            for start in range(0, len(texts), TASKS_AT_A_TIME * TEXTS_A_TASK):
                window = texts.slice(start, TASKS_AT_A_TIME * TEXTS_A_TASK)
                # lists, because a slice would be sent to a process with the whole column
                tasks = (
                    window.slice(start, TEXTS_A_TASK).to_pylist()
                    for start in range(0, len(window), TEXTS_A_TASK)
                )
                for tokenized in apply(tasks):
                    # granted here, because an exception while processes start would leave some
                    # that nothing ends
                    stop.grant()
                    count(len(tokenized))
                    yield tokenized

        return TokenizedTexts.joined(batches_of_tokens())


def _save(tokenized: TokenizedTexts, path: Path) -> None:
    """Write the SHA-256 in hexadecimal, then an Arrow stream of one row, a list in each column."""
    row = pa.record_batch(
        [
            pa.array([tokenized.distinct], pa.list_(pa.string())),
            pa.LargeListArray.from_arrays([0, len(tokenized.indices)], tokenized.indices),
            pa.LargeListArray.from_arrays([0, len(tokenized.offsets)], tokenized.offsets),
        ],
        names=CACHE_COLUMNS,
    )
    stream = pa.BufferOutputStream()
    with pa.ipc.new_stream(stream, row.schema) as writer:
        writer.write_batch(row)
    content = stream.getvalue()
    with path.open("wb") as file:
        file.write(hashlib.sha256(content).hexdigest().encode())
        file.write(content)


def _load(path: Path) -> TokenizedTexts | None:
    """Read what `_save` wrote; None if the file is missing or damaged.

    Raises:
        DataError: the file cannot be read.
    """
    if not path.exists():
        return None
    with _reading(path), pa.memory_map(str(path)) as file:
        content = file.read_buffer()
    if hashlib.sha256(content[DIGEST:]).hexdigest().encode() != bytes(content[:DIGEST]):
        logger.warning("%s is damaged: tokenising again", path)
        return None
    row = pa.ipc.open_stream(content[DIGEST:]).read_next_batch()
    distinct, indices, offsets = (row.column(name).values for name in CACHE_COLUMNS)
    return TokenizedTexts(distinct.to_pylist(), indices.to_numpy(), offsets.to_numpy())


def cache_folder() -> Path:
    """The folder $GRU_SENT_CACHE, or gru-sent in the user's cache folder."""
    default = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gru-sent"
    return Path(os.environ.get("GRU_SENT_CACHE") or default)


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
