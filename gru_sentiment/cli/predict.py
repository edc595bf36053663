"""`gru-sent predict`: a text, or every row of a file."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer

from gru_sentiment.cli.errors import BAD_ROWS, command
from gru_sentiment.cli.one_text import predict_text
from gru_sentiment.cli.options import (
    ROWS,
    Debug,
    Delimiter,
    Device,
    DeviceOption,
    Encoding,
    Offline,
    Quiet,
    Quoting,
    QuotingOption,
    Threads,
)
from gru_sentiment.cli.streams import on_terminal
from gru_sentiment.machine.environment import set_up_network, set_up_threads
from gru_sentiment.machine.progress import progress_of
from gru_sentiment.reporting.predictions import scoring_line
from gru_sentiment.results.predictions import Decision

STREAM = Path("-")
"""Names the standard input and the standard output."""
MOST_TOKENS = 32_768
"""In one batch (`trained/predictions.py`, TOKENS_PER_BATCH)."""
OF_ROWS = (
    "output",
    "input_format",
    "output_format",
    "text_column",
    "delimiter",
    "quoting",
    "encoding",
    "keep_columns",
    "batch_tokens",
    "strict",
    "unbuffered",
    "resume",
    "force",
)
"""Options that have no effect on a TEXT."""


class OutputFormat(StrEnum):
    """The format that predictions are written in."""

    auto = "auto"
    jsonl = "jsonl"
    csv = "csv"
    tsv = "tsv"
    parquet = "parquet"


class Format(StrEnum):
    """The format that rows are read in."""

    auto = "auto"
    text = "text"
    jsonl = "jsonl"
    json = "json"
    csv = "csv"
    tsv = "tsv"
    parquet = "parquet"


def predict(
    context: typer.Context,
    text: Annotated[
        str | None, typer.Argument(metavar="TEXT", help="Predict this text; or give --input.")
    ] = None,
    run: Annotated[
        Path | None,
        typer.Option(
            "--run", metavar="RUN", help="Predict with this run folder; by default runs/latest."
        ),
    ] = None,
    threshold: Annotated[
        float | None,
        typer.Option(
            metavar="NUMBER",
            help="Predict the second of two classes if its probability is at least this; by "
            "default the likelier class. evaluate --threshold finds a good number.",
        ),
    ] = None,
    abstain: Annotated[
        float,
        typer.Option(
            metavar="NUMBER",
            help="Predict no class whose probability is below this; the label is then null.",
            show_default=False,
        ),
    ] = 0.0,
    undecided: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="With --abstain, write this label in place of null."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the prediction for TEXT as JSON.")
    ] = False,
    source: Annotated[
        Path | None,
        typer.Option(
            "--input",
            "-i",
            metavar="FILE|-",
            rich_help_panel=ROWS,
            help="Predict every row of this file, or of the standard input (-), in order. A row "
            "that cannot be read gets an error in place of a prediction, and the exit code is 4.",
        ),
    ] = None,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE|-",
            rich_help_panel=ROWS,
            help="Write one row for every row of the input to this file.",
        ),
    ] = STREAM,
    input_format: Annotated[
        Format,
        typer.Option(
            "--format",
            rich_help_panel=ROWS,
            help="Read the input in this format. auto goes by the name of the file (.txt, .jsonl, "
            ".ndjson, .json, .csv, .tsv, .parquet, all but the last also with .gz). The standard "
            "input is csv, tsv or jsonl if its first line names the text column, else text, with "
            "one text on each line.",
        ),
    ] = Format.auto,
    output_format: Annotated[
        OutputFormat,
        typer.Option(
            rich_help_panel=ROWS,
            help="Write the output in this format. auto goes by the name of the file, else takes "
            "the format of the input, or jsonl where that is text.",
        ),
    ] = OutputFormat.auto,
    text_column: Annotated[
        str,
        typer.Option(metavar="NAME", rich_help_panel=ROWS, help="Read the texts from this column."),
    ] = "text",
    delimiter: Delimiter = None,
    quoting: QuotingOption = Quoting.auto,
    encoding: Encoding = None,
    keep_columns: Annotated[
        bool,
        typer.Option(
            "--keep-columns",
            rich_help_panel=ROWS,
            help="Copy the columns of the input to the output. A column with the name of one of "
            "the prediction's gets input_ before its name.",
        ),
    ] = False,
    batch_tokens: Annotated[
        int,
        typer.Option(
            min=1,
            max=MOST_TOKENS,
            metavar="N",
            rich_help_panel=ROWS,
            help="Predict at most this many tokens in one batch.",
        ),
    ] = MOST_TOKENS,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict", rich_help_panel=ROWS, help="Stop at the first row that cannot be read."
        ),
    ] = False,
    unbuffered: Annotated[
        bool,
        typer.Option(
            "--unbuffered",
            rich_help_panel=ROWS,
            help="Predict each row as soon as it is read. By default 4,096 rows (or 4 MiB) are "
            "read before the first is predicted, which is much faster.",
        ),
    ] = False,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            rich_help_panel=ROWS,
            help="Resume an interrupted job after the last complete row of its output, with the "
            "options that it was started with. Not for parquet.",
        ),
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", rich_help_panel=ROWS, help="Replace the output if it exists.")
    ] = False,
    device: DeviceOption = Device.auto,
    threads: Threads = None,
    offline: Offline = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Predict the class of a text, or of every row of a file."""
    _check_options(context)
    with command(debug=debug, quiet=quiet):
        if text is not None:
            predict_text(
                text,
                run,
                threshold=threshold,
                abstain=abstain,
                undecided=undecided,
                as_json=as_json,
                device=device,
                threads=threads,
                offline=offline,
            )
            return
        set_up_network(offline=offline)
        # the compiled kernel and processes use the cores; numpy's threads would wait for each other
        set_up_threads(1)
        assert source is not None
        from gru_sentiment.recipes import score_file as recipe

        job = recipe.Job(
            source=_stream(source, sys.stdin),
            target=_stream(output, sys.stdout),
            format=input_format,
            output_format=output_format,
            text_column=text_column,
            delimiter=delimiter,
            quoting=quoting,
            encoding=encoding,
            keep_columns=keep_columns,
            resume=resume,
            force=force,
            decision=Decision(threshold, abstain, undecided),
        )
        with _counting(output, quiet) as count:
            result = recipe.score_file(
                run,
                job,
                tokens_per_batch=batch_tokens,
                strict=strict,
                unbuffered=unbuffered,
                device=device,
                threads=threads,
                on_rows=count,
            )
        if not quiet:
            print(scoring_line(result), file=sys.stderr)
        if result.bad_rows:
            raise typer.Exit(BAD_ROWS)


def _counting(output: Path, quiet: bool) -> AbstractContextManager[Callable[[int], object]]:
    if output == STREAM and sys.stdout.isatty():
        # the predictions on the terminal are the progress
        return nullcontext(lambda _: None)
    return progress_of("predicting", "row", bar=on_terminal(sys.stderr) and not quiet)


def _check_options(context: typer.Context) -> None:
    named = {name for name in context.params if _is_named(context, name)}
    if not named & {"text", "source"}:
        raise typer.BadParameter('give a text to predict, "TEXT", or a file of them, --input FILE')
    if {"text", "source"} <= named:
        raise typer.BadParameter("give TEXT or --input, not both")
    useless = [name for name in OF_ROWS if name in named]
    if "text" in named and useless:
        flags = {option.name: option.opts[0] for option in context.command.params}
        raise typer.BadParameter(f"{', '.join(flags[n] for n in useless)}: only with --input")
    if "text" not in named and "as_json" in named:
        raise typer.BadParameter("--json is for a TEXT; for rows choose --output-format jsonl")
    if "undecided" in named and "abstain" not in named:
        raise typer.BadParameter("--undecided: only with --abstain")
    if {"resume", "force"} <= named:
        raise typer.BadParameter("give --resume or --force, not both")


def _is_named(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _stream(path: Path, stream: Any) -> Path | BinaryIO:
    binary: BinaryIO = stream.buffer
    return binary if path == STREAM else path
