"""Predict every row of a file or a stream, in order, while it is read."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gru_sentiment.artifact.folders import named_run, own_files
from gru_sentiment.builders.corpus import build_tokenizer
from gru_sentiment.builders.device import build_device
from gru_sentiment.data.labels import LabelSets
from gru_sentiment.data.packed import within_budget
from gru_sentiment.data.token_cache import n_workers_for, process_map
from gru_sentiment.data.tokens import TokenizedTexts
from gru_sentiment.errors import DataError
from gru_sentiment.machine.same_file import input_at
from gru_sentiment.machine.signals import StopRequest
from gru_sentiment.machine.torch_setup import set_up_torch
from gru_sentiment.postprocess.criterion import check_decision
from gru_sentiment.results.predictions import LIKELIEST, Decision, FileScoring, Prediction
from gru_sentiment.rows.formats import (
    Dialect,
    Place,
    check_formats,
    input_format,
    opened_output,
    opened_source,
    output_format,
)
from gru_sentiment.rows.output import OTHER, Output
from gru_sentiment.rows.reading import Source
from gru_sentiment.rows.row import Row, ScoredRow, chunks
from gru_sentiment.trained.predictions import TOKENS_PER_BATCH
from gru_sentiment.trained.reader import Run, load_run

logger = logging.getLogger(__name__)

CHUNK_ROWS, CHUNK_BYTES = 4_096, 1 << 22
"""Most rows and bytes that are read, sorted by length and predicted together."""
TEXTS_AT_A_TIME = 512
"""Given to one process that tokenises, where there are several."""
BYTES_A_TEXT = 1_000
"""A rough mean, from which the number of processes is chosen."""
Tokenize = Callable[[Sequence[str]], TokenizedTexts]


@dataclass(frozen=True)
class Job:
    """What to read and what to write."""

    source: Place
    target: Place
    format: str = "auto"
    output_format: str = "auto"
    text_column: str = "text"
    delimiter: str | None = None
    quoting: str = "auto"
    encoding: str | None = None
    """How a text file is written, see `rows.formats.Dialect`."""
    keep_columns: bool = False
    resume: bool = False
    """Continue after the last complete row of the output."""
    force: bool = False
    """Replace an output that exists."""
    decision: Decision = LIKELIEST
    """How labels follow from probabilities."""

    @property
    def dialect(self) -> Dialect:
        """How a text file is written."""
        return Dialect(self.delimiter, self.quoting, self.encoding, "--{}")


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
    """Predict the rows of an input and write one row for each to an output.

    A row that cannot be read gets an error in place of a prediction.

    Args:
        path: a run folder; by default the latest run.
        job: the input, the output and their formats.
        tokens_per_batch: most tokens that are predicted in one batch.
        strict: stop at the first row that cannot be read, with the rows before it written.
        unbuffered: predict each row as soon as it is read.
        device: `auto`, `cpu` or `cuda`.
        threads: number of CPU threads; by default one a core.
        on_rows: is called after every group of rows with their number.

    Raises:
        ArtifactError: there is no such run, or it cannot be read.
        ConfigError: see `check_decision`.
        DataError: an input or output that cannot be used; with `strict`, a bad row.
    """
    read = input_format(job.source, job.format, job.text_column)
    write = output_format(job.target, job.output_format, read)
    check_formats(read, write, keep=job.keep_columns, resume=job.resume)
    _check_target(job, path, write)
    set_up_torch(threads)
    with opened_source(
        job.source, read, job.text_column, keep=job.keep_columns, dialect=job.dialect
    ) as source:
        run = load_run(path, build_device(device))
        check_decision(job.decision, run.labels.names, label_sets=run.labels.label_sets)
        _check_undecided(job, run, write)
        with (
            opened_output(
                job.target,
                write,
                source,
                run.labels.classes,
                separator=run.labels.separator if isinstance(run.labels, LabelSets) else None,
                resume=job.resume,
            ) as output,
            _tokenizing(run, 1 if unbuffered else _processes(run, job)) as tokenize,
        ):
            scorer = _Scorer(
                run, output, tokenize, tokens_per_batch, strict=strict, decision=job.decision
            )
            try:
                scorer.score(source, 1 if unbuffered else CHUNK_ROWS, on_rows)
            except KeyboardInterrupt:
                if isinstance(job.target, Path) and write != "parquet":
                    logger.warning(
                        "%s holds %s predicted rows; add --resume to the command to continue",
                        job.target,
                        f"{max(scorer.rows, output.done):,}",
                    )
                raise
            return scorer.result()


def _check_target(job: Job, run: Path | None, write: str) -> None:
    folder = named_run(run)
    inputs: dict[str, Sequence[Place]] = {
        "the input": [job.source],
        f"a file of the run {folder}": own_files(folder),
    }
    name = input_at(job.target, inputs)
    if name:
        target = job.target if isinstance(job.target, Path) else "the standard output"
        raise DataError(f"{target}: is {name}", hint="choose another --output")
    if not isinstance(job.target, Path):
        if job.resume:
            raise DataError(
                "--resume: needs an output that is a file", hint="name it with --output"
            )
        return
    if not job.target.exists():
        return
    if write == "parquet" and not job.target.is_file():
        raise DataError(f"{job.target}: is not a file", hint="choose another --output")
    if job.target.is_file() and not (job.resume or job.force):
        raise DataError(
            f"{job.target}: exists already",
            hint="continue it with --resume, replace it with --force, or choose another --output",
        )


def _check_undecided(job: Job, run: Run, write: str) -> None:
    numbers = all(isinstance(label, int) for label in run.labels.classes)
    if job.decision.undecided is not None and write == "parquet" and numbers:
        raise DataError(
            "--undecided: the classes of this run are numbers, and so is the label column of "
            "parquet",
            hint="leave it out, and the label is null; or write jsonl, csv or tsv",
        )


def _processes(run: Run, job: Job) -> int:
    if not isinstance(job.source, Path) or not job.source.is_file():
        return 1
    return n_workers_for(job.source.stat().st_size // BYTES_A_TEXT, run.config.run.processes)


@contextmanager
def _tokenizing(run: Run, processes: int) -> Iterator[Tokenize]:
    """A function that tokenises texts as the run does, in this many processes."""
    tokenizer = build_tokenizer(run.config.text)
    tokenizer.many([])  # the rules are loaded once for all processes
    with process_map(processes) as apply:
        with StopRequest() as stop:
            # Ctrl-C waits here: while processes are starting it would leave some of them behind
            list(apply(tokenizer.many, [[]] * processes))
            stop.grant()
        yield lambda texts: TokenizedTexts.joined(
            apply(
                tokenizer.many,
                [texts[i : i + TEXTS_AT_A_TIME] for i in range(0, len(texts), TEXTS_AT_A_TIME)],
            )
        )


class _Scorer:
    """Predicts rows, a group at a time, and counts them."""

    def __init__(
        self,
        run: Run,
        output: Output,
        tokenize: Tokenize,
        tokens_per_batch: int,
        *,
        strict: bool,
        decision: Decision,
    ) -> None:
        self._run, self._output, self._tokenize = run, output, tokenize
        self._tokens_per_batch, self._strict = tokens_per_batch, strict
        self._decision = decision
        self.rows = self.bad_rows = self.mostly_unknown = 0
        self.first_error: str | None = None
        self._started = time.perf_counter()

    def score(self, source: Source, max_rows: int, on_rows: Callable[[int], object]) -> None:
        """Predict all rows; of an interrupted job's rows the last ones are compared alone."""
        for chunk in chunks(source.rows, max_rows=max_rows, max_bytes=CHUNK_BYTES):
            rows = self._before_an_error(chunk)
            if rows and self.rows + len(rows) >= self._output.done:
                self._output.write(self._scored(rows))
            self._count(chunk)
            on_rows(len(chunk))
        if self.rows < self._output.done:
            raise DataError(
                f"the output holds {self._output.done:,} rows and the input {self.rows:,}",
                hint=OTHER,
            )

    def result(self) -> FileScoring:
        """How many rows were predicted, and how long it took."""
        elapsed_s = time.perf_counter() - self._started
        return FileScoring(
            self.rows,
            self._output.done,
            self.bad_rows,
            self.first_error,
            elapsed_s,
            self.mostly_unknown,
        )

    def _before_an_error(self, chunk: list[Row]) -> list[Row]:
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
                    self.first_error,
                    hint="without --strict the row gets an error in place of a prediction",
                )

    def _scored(self, chunk: Sequence[Row]) -> list[ScoredRow]:
        good = [i for i, row in enumerate(chunk) if row.error is None]
        tokenized = self._tokenize([chunk[i].text for i in good])
        lengths = np.clip(np.diff(tokenized.offsets), 1, self._run.config.text.max_tokens)
        predictions: list[Prediction | None] = [None] * len(chunk)
        by_length = np.argsort(-lengths, kind="stable")
        for group in within_budget(by_length, lengths, self._tokens_per_batch):
            predicted = self._run.predict(tokenized, group)
            of_group = predicted.predictions(self._run.labels, self._decision)
            for i, prediction in zip(group, of_group, strict=True):
                predictions[good[i]] = prediction
                self.mostly_unknown += prediction.mostly_unknown
        return [
            ScoredRow(number, row, prediction)
            for number, (row, prediction) in enumerate(
                zip(chunk, predictions, strict=True), self.rows + 1
            )
        ]
