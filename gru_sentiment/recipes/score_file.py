"""Answer every row of a file or a stream, in order, while it is read."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gru_sentiment.builders.corpus import build_tokenizer
from gru_sentiment.builders.device import build_device
from gru_sentiment.data.batching import within_budget
from gru_sentiment.data.token_cache import mapping, workers
from gru_sentiment.data.tokenizer import TokenizedTexts
from gru_sentiment.errors import DataError
from gru_sentiment.machine.signals import StopRequest
from gru_sentiment.machine.torch_setup import set_up_torch
from gru_sentiment.postprocess.criterion import check_threshold
from gru_sentiment.results.predictions import FileScoring, Prediction
from gru_sentiment.rows.chunks import chunks
from gru_sentiment.rows.formats import (
    Place,
    check_formats,
    input_format,
    opened_output,
    opened_source,
    output_format,
)
from gru_sentiment.rows.output import OTHER, Output
from gru_sentiment.rows.reading import Source
from gru_sentiment.rows.row import Answer, Row
from gru_sentiment.trained.predictions import TOKENS_PER_BATCH
from gru_sentiment.trained.reader import Run, load_run

logger = logging.getLogger(__name__)

CHUNK_ROWS, CHUNK_BYTES = 4_096, 1 << 22
"""Rows that are read, sorted by length and answered together: at most so many, of about so many
bytes."""
TEXTS_AT_A_TIME = 512
"""What a process that tokenises takes, where there are several."""
BYTES_A_TEXT = 1_000
"""About; only to tell how many processes an input is worth."""
Tokenize = Callable[[Sequence[str]], TokenizedTexts]


@dataclass(frozen=True)
class Job:
    """What to read and what to write."""

    source: Place
    target: Place
    format: str = "auto"
    output_format: str = "auto"
    text_column: str = "text"
    keep_columns: bool = False
    resume: bool = False
    """Go on after the last whole row of the output."""
    force: bool = False
    """Replace an output."""
    threshold: float | None = None
    """Of the second of two classes; without one a row is of its likeliest class."""


def score_file(
    path: Path | None,
    job: Job,
    *,
    tokens_per_batch: int = TOKENS_PER_BATCH,
    strict: bool = False,
    unbuffered: bool = False,
    device: str = "auto",
    threads: int | None = None,
    on_rows: Callable[[int], object] = lambda _: None,
) -> FileScoring:
    """One row out for each row in; `path` is a run folder, the latest run by default.

    A row that cannot be read is answered with what is wrong with it; with `strict` it ends the
    job, the rows before it answered. `on_rows` hears of every group of rows, how many they are.

    Raises:
        ArtifactError: no such run, or one that cannot be read.
        ConfigError: a threshold that is none, or a run of more than two classes.
        DataError: an input or output that cannot be used; with `strict`, a bad row.
    """
    read = input_format(job.source, job.format)
    write = output_format(job.target, job.output_format, read)
    check_formats(read, write, keep=job.keep_columns, resume=job.resume)
    _check_target(job, write)
    set_up_torch(threads)
    with opened_source(job.source, read, job.text_column, keep=job.keep_columns) as source:
        run = load_run(path, build_device(device))
        if job.threshold is not None:
            check_threshold(job.threshold, run.labels.names)
        with (
            opened_output(
                job.target, write, source, run.labels.classes, resume=job.resume
            ) as output,
            _tokenizing(run, 1 if unbuffered else _processes(run, job)) as tokenize,
        ):
            scorer = _Scorer(
                run, output, tokenize, tokens_per_batch, strict=strict, threshold=job.threshold
            )
            try:
                scorer.score(source, 1 if unbuffered else CHUNK_ROWS, on_rows)
            except KeyboardInterrupt:
                if isinstance(job.target, Path) and write != "parquet":
                    logger.warning(
                        "%s holds answers to %s rows; go on: the same command with --resume",
                        job.target,
                        f"{max(scorer.rows, output.done):,}",
                    )
                raise
            return scorer.result()


def _check_target(job: Job, write: str) -> None:
    if not isinstance(job.target, Path):
        if job.resume:
            raise DataError("--resume: needs an output that is a file", hint="name it: --output")
        return
    if not job.target.exists():
        return
    if write == "parquet" and not job.target.is_file():
        raise DataError(f"{job.target}: is not a file", hint="choose another --output")
    if isinstance(job.source, Path) and job.source.exists() and job.target.samefile(job.source):
        raise DataError(f"{job.target}: is the input", hint="choose another --output")
    if job.target.is_file() and not (job.resume or job.force):
        raise DataError(
            f"{job.target}: exists already",
            hint="go on with it: --resume; replace it: --force; or choose another --output",
        )


def _processes(run: Run, job: Job) -> int:
    if not isinstance(job.source, Path) or not job.source.is_file():
        return 1
    return workers(job.source.stat().st_size // BYTES_A_TEXT, run.config.run.processes)


@contextmanager
def _tokenizing(run: Run, processes: int) -> Iterator[Tokenize]:
    """The run's words of texts, by that many processes."""
    tokenizer = build_tokenizer(run.config.text)
    tokenizer.many([])  # the rules are loaded once for all processes
    with mapping(processes) as apply:
        with StopRequest() as stop:
            # here, where Ctrl-C waits: in the midst of starting processes it would leave some
            list(apply(tokenizer.many, [[]] * processes))
            stop.grant()
        yield lambda texts: TokenizedTexts.joined(
            apply(
                tokenizer.many,
                [texts[i : i + TEXTS_AT_A_TIME] for i in range(0, len(texts), TEXTS_AT_A_TIME)],
            )
        )


class _Scorer:
    """Predictions chunks of rows and counts them."""

    def __init__(
        self,
        run: Run,
        output: Output,
        tokenize: Tokenize,
        tokens_per_batch: int,
        *,
        strict: bool,
        threshold: float | None,
    ) -> None:
        self._run, self._output, self._tokenize = run, output, tokenize
        self._tokens_per_batch, self._strict = tokens_per_batch, strict
        self._threshold = threshold
        self.rows = self.bad_rows = 0
        self.first_error: str | None = None
        self._started = time.perf_counter()

    def score(self, source: Source, max_rows: int, on_rows: Callable[[int], object]) -> None:
        """All rows; those of an interrupted job are read, and the last of them compared."""
        for chunk in chunks(source.rows, max_rows=max_rows, max_bytes=CHUNK_BYTES):
            whole = self._up_to_an_error(chunk)
            if whole and self.rows + len(whole) >= self._output.done:
                self._output.write(self._answers(whole))
            self._count(chunk)
            on_rows(len(chunk))
        if self.rows < self._output.done:
            raise DataError(
                f"the output holds {self._output.done:,} rows, the input {self.rows:,}", hint=OTHER
            )

    def result(self) -> FileScoring:
        """What was done."""
        elapsed_s = time.perf_counter() - self._started
        return FileScoring(self.rows, self._output.done, self.bad_rows, self.first_error, elapsed_s)

    def _up_to_an_error(self, chunk: list[Row]) -> list[Row]:
        if not self._strict:
            return chunk
        return chunk[: next((i for i, row in enumerate(chunk) if row.error), len(chunk))]

    def _count(self, chunk: list[Row]) -> None:
        for row in chunk:
            self.rows += 1
            if row.error is None:
                continue
            self.bad_rows += 1
            self.first_error = self.first_error or f"row {self.rows:,}: {row.error}"
            if self._strict:
                raise DataError(
                    self.first_error, hint="without --strict it is answered with an error field"
                )

    def _answers(self, chunk: Sequence[Row]) -> list[Answer]:
        good = [i for i, row in enumerate(chunk) if row.error is None]
        tokenized = self._tokenize([chunk[i].text for i in good])
        lengths = np.clip(np.diff(tokenized.offsets), 1, self._run.config.text.max_tokens)
        found: list[Prediction | None] = [None] * len(chunk)
        by_length = np.argsort(-lengths, kind="stable")
        for group in within_budget(by_length, lengths, self._tokens_per_batch):
            answers = self._run.predict(tokenized, group)
            predictions = answers.predictions(self._run.labels, self._threshold)
            for i, prediction in zip(group, predictions, strict=True):
                found[good[i]] = prediction
        return [
            Answer(self.rows + 1 + i, row, prediction)
            for i, (row, prediction) in enumerate(zip(chunk, found, strict=True))
        ]
