"""Predict every row of a file or a stream, in order, while it is read.

Without torch, each process takes texts to predictions by itself, while this one reads, writes and
hands out. With torch, processes tokenise and this one predicts.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np

import gru_sentiment
from gru_sentiment.artifact.folders import named_run, own_files
from gru_sentiment.data.labels import LabelSets
from gru_sentiment.data.tokens import TokenizedTexts
from gru_sentiment.errors import DataError
from gru_sentiment.inference.reader import LoadedRun, Run, load_run
from gru_sentiment.machine.environment import cores
from gru_sentiment.machine.processes import n_workers_for, process_map
from gru_sentiment.machine.same_file import input_at
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

logger = logging.getLogger(__name__)

CHUNK_ROWS, CHUNK_BYTES = 4_096, 1 << 22
"""Most rows and bytes that are read, sorted by length and predicted together."""
TEXTS_AT_A_TIME = 512
"""Texts that a process is given at once, and finishes after Ctrl-C."""
BYTES_A_TEXT = 1_000
"""A rough mean, from which the number of processes is chosen."""
Begin = Callable[[Sequence[str]], Callable[[], list[Prediction]]]
"""Begins to predict texts, and returns what gives their predictions, and waits for them."""
Begun = tuple[list[Row], list[Row], Callable[[], list[Prediction]] | None]
"""Rows as they were read; those that are answered; and their predictions, where they are wanted."""


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
        threads: CPU threads and processes at most; by default one a core.
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
    processes = 1 if unbuffered else _processes(job, threads)
    with opened_source(
        job.source, read, job.text_column, keep=job.keep_columns, dialect=job.dialect
    ) as source:
        loaded = _loaded(path, device, threads, processes)
        run = loaded.run
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
            _predicting(_Predictor(loaded, job.decision, tokens_per_batch), processes) as begin,
        ):
            # while processes predict one chunk, the next is read; a stream may keep it waiting
            scorer = _Scorer(output, begin, strict=strict, ahead=1 if processes > 1 else 0)
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


def _processes(job: Job, threads: int | None) -> int:
    if not isinstance(job.source, Path) or not job.source.is_file():
        return 1
    return n_workers_for(job.source.stat().st_size // BYTES_A_TEXT, threads)


def _loaded(path: Path | None, device: str, threads: int | None, processes: int) -> LoadedRun:
    """The run; without torch it computes on the threads that are left to each process."""
    share = max(1, (threads or cores()) // processes)
    without_torch = load_run(path, share) if device != "cuda" else None
    return without_torch or gru_sentiment.load(path, device=device, threads=threads).loaded


@dataclass(frozen=True)
class _Predictor:
    """Texts to predictions, in two steps or at once."""

    loaded: LoadedRun
    decision: Decision
    tokens_per_batch: int

    def __call__(self, texts: Sequence[str]) -> list[Prediction]:
        return self.of_tokens(self.loaded.tokenize(texts))

    def of_tokens(self, tokenized: TokenizedTexts) -> list[Prediction]:
        """The predictions for all texts."""
        if not len(tokenized):
            return []
        run, rows = self.loaded.run, np.arange(len(tokenized), dtype=np.int64)
        predicted = run.predict(tokenized, rows, self.tokens_per_batch)
        return predicted.predictions(run.labels, self.decision)


@contextmanager
def _predicting(predictor: _Predictor, processes: int) -> Iterator[Begin]:
    """What predicts texts, in this many processes."""
    loaded = predictor.loaded
    loaded.tokenize([])  # what it loads, it loads once for all processes
    whole = loaded.predicts_when_forked
    work: Callable[[Sequence[str]], object] = predictor if whole else loaded.tokenize
    with process_map(work, processes, hint="set --threads to 1") as apply:

        def begin(texts: Sequence[str]) -> Callable[[], list[Prediction]]:
            starts = range(0, len(texts), TEXTS_AT_A_TIME)
            found = apply(texts[start : start + TEXTS_AT_A_TIME] for start in starts)
            if whole:
                return lambda: list(chain.from_iterable(found))
            return lambda: predictor.of_tokens(TokenizedTexts.joined(found))

        yield begin


class _Scorer:
    """Predicts rows, a group at a time, and counts them.

    Args:
        output: where the predictions go.
        begin: predicts texts.
        strict: whether the first bad row ends it.
        ahead: groups that are read and begun before the predictions of one are waited for.
    """

    def __init__(self, output: Output, begin: Begin, *, strict: bool, ahead: int) -> None:
        self._output, self._begin, self._strict, self._ahead = output, begin, strict, ahead
        self.rows = self.bad_rows = self.mostly_unknown = 0
        self.first_error: str | None = None
        self._started = time.perf_counter()

    def score(self, source: Source, max_rows: int, on_rows: Callable[[int], object]) -> None:
        """Predict all rows; of an interrupted job's rows the last ones are compared alone."""
        groups = chunks(source.rows, max_rows=max_rows, max_bytes=CHUNK_BYTES)
        for chunk, rows, predictions in _early(self._begun(groups), self._ahead):
            if predictions:
                self._output.write(self._scored(rows, predictions()))
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

    def _begun(self, groups: Iterator[list[Row]]) -> Iterator[Begun]:
        """Begin to predict each group, but not those before the last rows that are written."""
        read = 0
        for chunk in groups:
            rows = self._before_an_error(chunk)
            wanted = rows and read + len(rows) >= self._output.done
            texts = [row.text for row in rows if row.error is None]
            yield chunk, rows, self._begin(texts) if wanted else None
            read += len(chunk)

    def _scored(self, rows: list[Row], predictions: list[Prediction]) -> list[ScoredRow]:
        self.mostly_unknown += sum(prediction.mostly_unknown for prediction in predictions)
        of_good = iter(predictions)
        return [
            ScoredRow(number, row, next(of_good) if row.error is None else None)
            for number, row in enumerate(rows, self.rows + 1)
        ]


def _early(begun: Iterator[Begun], ahead: int) -> Iterator[Begun]:
    """The same, each after so many behind it have been begun.

    Raises:
        DataError: the rows behind those that were given cannot be read.
    """
    waiting: deque[Begun] = deque()
    unreadable = None
    try:
        for each in begun:
            waiting.append(each)
            if len(waiting) > ahead:
                yield waiting.popleft()
    except DataError as error:
        unreadable = error
    yield from waiting
    if unreadable:
        raise unreadable
