"""`gru-sent predict`: a text, or every row of a file."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer

from gru_sentiment.cli.errors import BAD_ROWS, command
from gru_sentiment.cli.options import Debug, Device, DeviceOption, Offline, Quiet, Threads
from gru_sentiment.cli.progress import on_terminal
from gru_sentiment.machine.environment import set_up_network
from gru_sentiment.machine.progress import progress_of
from gru_sentiment.reporting.console import console
from gru_sentiment.reporting.predictions import prediction_report, scoring_line
from gru_sentiment.results.predictions import Prediction

STREAM = Path("-")
MOST_TOKENS = 32_768
"""That a run answers at once (`evaluation.TOKENS_PER_BATCH`)."""
ROWS = "Rows of a file"
OF_ROWS = (
    "output",
    "input_format",
    "output_format",
    "text_column",
    "keep_columns",
    "batch_tokens",
    "strict",
    "unbuffered",
    "resume",
    "force",
)
"""Options that a TEXT has no use for."""


class OutputFormat(StrEnum):
    """How answers are written."""

    auto = "auto"
    jsonl = "jsonl"
    csv = "csv"
    tsv = "tsv"
    parquet = "parquet"


class Format(StrEnum):
    """How rows are read."""

    auto = "auto"
    text = "text"
    jsonl = "jsonl"
    csv = "csv"
    tsv = "tsv"
    parquet = "parquet"


def predict(
    context: typer.Context,
    text: Annotated[str | None, typer.Argument(help="The review; or give --input.")] = None,
    run: Annotated[
        Path | None, typer.Option("--run", help="Run folder; runs/latest by default.")
    ] = None,
    threshold: Annotated[
        float | None,
        typer.Option(
            metavar="NUMBER",
            help="Of two classes, give the second where its probability is at least this; "
            "evaluate --threshold finds one. The likelier class by default.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON (of TEXT).")] = False,
    source: Annotated[
        Path | None,
        typer.Option(
            "--input",
            "-i",
            metavar="FILE|-",
            rich_help_panel=ROWS,
            help="Answer every row of this file, or of the standard input, in order: one row out "
            "for each row in. A row that cannot be read is answered with an error, and the exit "
            "code is 4.",
        ),
    ] = None,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="FILE|-", rich_help_panel=ROWS, help="Predictions."),
    ] = STREAM,
    input_format: Annotated[
        Format,
        typer.Option(
            "--format",
            rich_help_panel=ROWS,
            help="Of the input. auto: by its name (.txt, .jsonl, .ndjson, .csv, .tsv, .parquet); "
            "text, a review a line, for the standard input.",
        ),
    ] = Format.auto,
    output_format: Annotated[
        OutputFormat,
        typer.Option(
            rich_help_panel=ROWS,
            help="auto: by the output's name, else as the input; jsonl for text.",
        ),
    ] = OutputFormat.auto,
    text_column: Annotated[
        str, typer.Option(metavar="NAME", rich_help_panel=ROWS, help="Where the texts are.")
    ] = "text",
    keep_columns: Annotated[
        bool,
        typer.Option(
            "--keep-columns",
            rich_help_panel=ROWS,
            help="Copy the input's columns; one that is called like an answer's gets input_ "
            "before its name.",
        ),
    ] = False,
    batch_tokens: Annotated[
        int,
        typer.Option(
            min=1,
            max=MOST_TOKENS,
            metavar="N",
            rich_help_panel=ROWS,
            help="Words answered at once, at most.",
        ),
    ] = MOST_TOKENS,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict", rich_help_panel=ROWS, help="End at the first row that cannot be read."
        ),
    ] = False,
    unbuffered: Annotated[
        bool,
        typer.Option(
            "--unbuffered",
            rich_help_panel=ROWS,
            help="Answer each row as soon as it is read; by default 4,096 rows (or 4 MiB) are "
            "read before the first is answered, which is much faster.",
        ),
    ] = False,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            rich_help_panel=ROWS,
            help="Go on after the last whole row of the output (not parquet), with the options "
            "that it was begun with.",
        ),
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", rich_help_panel=ROWS, help="Replace an existing output.")
    ] = False,
    device: DeviceOption = Device.auto,
    threads: Threads = None,
    offline: Offline = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Say what a review is, or all reviews of a file."""
    _check_options(context)
    with command(debug=debug, quiet=quiet):
        set_up_network(offline=offline)
        if text is not None:
            from gru_sentiment.recipes import predict as of_texts

            (answer,) = of_texts.predict(
                [text], run, threshold=threshold, device=device, threads=threads
            )
            _print_answer(answer, as_json=as_json)
            return
        assert source is not None
        from gru_sentiment.recipes import score_file as recipe

        job = recipe.Job(
            source=_stream(source, sys.stdin),
            target=_stream(output, sys.stdout),
            format=input_format,
            output_format=output_format,
            text_column=text_column,
            keep_columns=keep_columns,
            resume=resume,
            force=force,
            threshold=threshold,
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
        # the answers on the terminal say how far it is
        return nullcontext(lambda _: None)
    return progress_of("answering", "row", bar=on_terminal(sys.stderr) and not quiet)


def _print_answer(answer: Prediction, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(answer.to_json(), ensure_ascii=False))
        return
    output = console()
    output.print(prediction_report(answer, terminal=output.is_terminal))


def _check_options(context: typer.Context) -> None:
    given = {name for name in context.params if _is_given(context, name)}
    if not given & {"text", "source"}:
        raise typer.BadParameter('say what to answer: "TEXT", or --input FILE')
    if {"text", "source"} <= given:
        raise typer.BadParameter("give TEXT or --input, not both")
    useless = [name for name in OF_ROWS if name in given]
    if "text" in given and useless:
        flags = {option.name: option.opts[0] for option in context.command.params}
        raise typer.BadParameter(f"{', '.join(flags[n] for n in useless)}: only with --input")
    if "text" not in given and "as_json" in given:
        raise typer.BadParameter("--json is for a TEXT; for rows choose --output-format jsonl")
    if {"resume", "force"} <= given:
        raise typer.BadParameter("give --resume or --force, not both")


def _is_given(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _stream(path: Path, stream: Any) -> Path | BinaryIO:
    binary: BinaryIO = stream.buffer
    return binary if path == STREAM else path
