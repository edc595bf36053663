"""`gru-sent evaluate`."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType

from gru_sentiment.cli.errors import CHECK_FAILED, command
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
from gru_sentiment.cli.outputs import (
    SUMMARY,
    append_summary,
    check_outputs,
    summary_file,
    write_outputs,
)
from gru_sentiment.cli.streams import on_terminal, print_json
from gru_sentiment.errors import ConfigError
from gru_sentiment.machine.environment import set_up_network
from gru_sentiment.reporting.console import console
from gru_sentiment.reporting.evaluation import evaluation_report
from gru_sentiment.reporting.junit import junit_xml
from gru_sentiment.reporting.markdown import behaviour_markdown, evaluation_markdown
from gru_sentiment.reporting.suites import behaviour_report
from gru_sentiment.reporting.wording import failure
from gru_sentiment.results.evaluation import Evaluation
from gru_sentiment.results.suites import GATE_PREFIX, Judged

STREAM = Path("-")
"""Names the standard output."""


class Split(StrEnum):
    """A split of a run's own data."""

    test = "test"
    validation = "validation"


def evaluate(
    run: Annotated[
        Path | None,
        typer.Argument(metavar="RUN", help="Score this run folder; by default runs/latest."),
    ] = None,
    split: Annotated[
        Split | None,
        typer.Option("--split", help="Score this split of the run's data; by default test."),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            metavar="FILE",
            help="Score this labelled file instead: csv, tsv, jsonl, json or parquet.",
        ),
    ] = None,
    text_column: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            rich_help_panel=ROWS,
            help="Read the texts of --data from this column; by default as the run's config says, "
            "else from text.",
        ),
    ] = None,
    label_column: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            rich_help_panel=ROWS,
            help="Read the classes of --data from this column; by default as the run's config "
            "says, else from label.",
        ),
    ] = None,
    delimiter: Delimiter = None,
    quoting: QuotingOption = Quoting.auto,
    encoding: Encoding = None,
    fail_under: Annotated[
        list[str] | None,
        typer.Option(
            "--fail-under",
            metavar="METRIC=NUMBER",
            help="Exit with 3 if the metric is lower, as in accuracy=0.9 or f1.CLASS=0.8. "
            "accuracy=0.9@lower tests the lower end of its 95 % interval. May be repeated.",
        ),
    ] = None,
    fail_over: Annotated[
        list[str] | None,
        typer.Option(
            "--fail-over",
            metavar="METRIC=NUMBER",
            help="Exit with 3 if loss, brier or ece is higher, as in loss=0.3. loss=0.3@upper "
            "tests the upper end of its 95 % interval. May be repeated.",
        ),
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(
            "--against",
            metavar="RUN|FILE",
            help="Compare with another run, or with a file that --predictions wrote, on the same "
            "rows.",
        ),
    ] = None,
    max_regression: Annotated[
        str | None,
        typer.Option(
            "--max-regression",
            metavar="NUMBER",
            help="Exit with 3 if accuracy is lower than that of --against by more than this. "
            "0.005@lower tests the lower end of the difference's 95 % interval.",
        ),
    ] = None,
    slices: Annotated[
        list[str] | None,
        typer.Option(
            "--slice",
            metavar="length|COLUMN",
            help="Print the accuracy by text length, in quarters, or by the values of a column of "
            "--data. May be repeated.",
        ),
    ] = None,
    threshold: Annotated[
        str | None,
        typer.Option(
            "--threshold",
            metavar="METRIC",
            help="Find a threshold for predict --threshold on the run's validation split: the one "
            "with the best accuracy or f1, or that reaches precision=0.95 or recall=0.9. f1.CLASS, "
            "for example, is that of one class. All other scores are those of the likelier class.",
        ),
    ] = None,
    suites: Annotated[
        list[str] | None,
        typer.Option(
            "--suite",
            metavar="NAME|FILE",
            help="Check the behaviour on a suite of short texts: negation, intensity, contrast, "
            "typos, names, length, all of them, or your own YAML file. May be repeated. No rows "
            "are scored unless --split or --data is given too.",
        ),
    ] = None,
    json_file: Annotated[
        Path | None,
        typer.Option(
            "--json",
            metavar="FILE|-",
            help="Write all results as JSON to this file, or print them (-).",
        ),
    ] = None,
    predictions: Annotated[
        Path | None,
        typer.Option(
            "--predictions",
            metavar="FILE",
            help="Write the prediction for every row to this file, as JSON lines.",
        ),
    ] = None,
    junit: Annotated[
        Path | None,
        typer.Option(
            "--junit-xml",
            metavar="FILE",
            help="Write every gate as a JUnit test case to this file.",
        ),
    ] = None,
    markdown: Annotated[
        Path | None,
        typer.Option(
            "--markdown",
            metavar="FILE",
            help=f"Write a summary to this file. The file that ${SUMMARY} names gets it too.",
        ),
    ] = None,
    device: DeviceOption = Device.auto,
    threads: Threads = None,
    offline: Offline = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Score a run on a split of its data, on a labelled file, or on behaviour suites.

    The exit code is 3 if a gate (--fail-under, --fail-over, --max-regression) is not met.
    """
    with command(debug=debug, quiet=quiet):
        if split is not None and data is not None:
            raise ConfigError("--split and --data: give one of them")
        reading = {
            "text_column": text_column,
            "label_column": label_column,
            "delimiter": delimiter,
            "quoting": None if quoting == Quoting.auto else str(quoting),
            "encoding": encoding,
        }
        if data is None and (in_vain := [name for name, value in reading.items() if value]):
            raise ConfigError(
                f"--{in_vain[0].replace('_', '-')}: says how a file is read, and no file is given",
                hint="add --data FILE",
            )
        files = {
            "--json": None if json_file == STREAM else json_file,
            "--predictions": predictions,
            "--junit-xml": junit,
            "--markdown": markdown,
        }
        floors = [text for text in fail_under or [] if not text.startswith(GATE_PREFIX)]
        suite_floors = [text for text in fail_under or [] if text.startswith(GATE_PREFIX)]
        rows_needed = {
            "--fail-under": floors,
            "--fail-over": fail_over,
            "--against": against,
            "--max-regression": max_regression,
            "--slice": slices,
            "--threshold": threshold,
            "--predictions": predictions,
        }
        scores_rows = not suites or bool(split or data)
        _check_fits(suites, suite_floors, {} if scores_rows else rows_needed)

        from gru_sentiment.recipes import inputs

        read = {
            "--data": [data] if data else [],
            "--against": [against] if against and against.is_file() else [],
            "--suite": list(map(Path, suites or [])),
            **inputs.of_run(run),
            **inputs.of_runs([against] if against else []),
        }
        check_outputs(files | {SUMMARY: summary_file()}, read)

        set_up_network(offline=offline)
        from gru_sentiment.recipes import check_behaviour as checking
        from gru_sentiment.recipes import evaluate as recipe

        results: list[Judged] = []
        if suites:
            behaviour = checking.check_behaviour(
                run, suites, fail_under=suite_floors, device=device, threads=threads
            )
            results.append(behaviour)
        if scores_rows:
            evaluation = recipe.evaluate(
                run,
                split=split,
                data=data,
                reading=reading,
                fail_under=floors,
                fail_over=fail_over or [],
                against=against,
                max_regression=max_regression,
                slices=slices or [],
                threshold=threshold,
                predictions=predictions is not None,
                device=device,
                threads=threads,
                progress=on_terminal(sys.stderr) and not quiet,
            )
            results.insert(0, evaluation)
        _write(results, files, json_to_output=json_file == STREAM)
        _exit_if_failed(results)


def _check_fits(
    suites: list[str] | None, suite_floors: list[str], rows_needed: Mapping[str, object]
) -> None:
    """Refuse gates for suites that are not checked, and options that need scored rows without any.

    Raises:
        ConfigError: there is such a gate or option.
    """
    if suite_floors and not suites:
        raise ConfigError(
            f"--fail-under {suite_floors[0]}: no suite is checked", hint="add --suite all"
        )
    for option, value in rows_needed.items():
        if value:
            raise ConfigError(
                f"{option}: --suite alone scores no rows", hint="add --split test, or --data FILE"
            )


def _write(
    results: Sequence[Judged], files: Mapping[str, Path | None], *, json_to_output: bool
) -> None:
    """Write the files that were asked for, GitHub's summary, and the report or JSON to stdout."""
    texts = _texts(results)
    write_outputs({option: (path, texts[option]) for option, path in files.items() if path})
    append_summary(texts["--markdown"])
    if json_to_output:
        print_json(_values(results), indent=2)
    else:
        console().print(Group(*map(_report, results)))


def _exit_if_failed(results: Sequence[Judged]) -> None:
    """Print the gates that were not met and end with the exit code for them; else return.

    Raises:
        Exit: at least one gate was not met.
    """
    failed = [gate for result in results for gate in result.failed]
    for gate in failed:
        print(f"failed: {failure(gate)}", file=sys.stderr)
    if failed:
        raise typer.Exit(CHECK_FAILED)


def _report(result: Judged) -> RenderableType:
    if isinstance(result, Evaluation):
        return evaluation_report(result)
    return behaviour_report(result)


def _texts(results: Sequence[Judged]) -> dict[str, str]:
    """The texts that are written, by option."""
    evaluations = [result for result in results if isinstance(result, Evaluation)]
    lines = [line for result in evaluations for line in result.predictions]
    return {
        "--json": json.dumps(_values(results), indent=2, ensure_ascii=False) + "\n",
        "--predictions": "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines),
        "--junit-xml": junit_xml(*results),
        "--markdown": "".join(map(_markdown, results)),
    }


def _values(results: Sequence[Judged]) -> dict[str, Any]:
    """The values of all results as one JSON object."""
    values: dict[str, Any] = {}
    for of_result in (result.to_json() for result in results):
        gates = values.get("gates", []) + of_result.get("gates", [])
        values |= of_result | ({"gates": gates} if gates else {})
    return values


def _markdown(result: Judged) -> str:
    if isinstance(result, Evaluation):
        return evaluation_markdown(result)
    return behaviour_markdown(result)
