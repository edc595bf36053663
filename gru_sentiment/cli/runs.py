"""`gru-sent runs` and `gru-sent compare`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from gru_sentiment.cli.errors import command
from gru_sentiment.cli.options import Debug
from gru_sentiment.reporting.console import console
from gru_sentiment.reporting.runs import run_comparison_report, runs_report

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def runs(
    folder: Annotated[
        Path | None, typer.Argument(metavar="[FOLDER]", help="Where the runs are; runs by default.")
    ] = None,
    sort: Annotated[
        str,
        typer.Option(
            "--sort",
            metavar="KEY",
            help="A column, a score such as test.macro_f1 or a setting such as model.layers: "
            "highest or newest first; -KEY the other way round.",
        ),
    ] = "date",
    filters: Annotated[
        list[str] | None,
        typer.Option(
            "--filter", metavar="KEY=VALUE", help="Only such runs, e.g. cell=gru; repeatable."
        ),
    ] = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """List runs with what they are and what they scored."""
    with command(debug=debug):
        from gru_sentiment.recipes import list_runs as recipe

        found = recipe.list_runs(folder, sort=sort, filters=filters or [])
        if as_json:
            print(json.dumps([run.to_json() for run in found], indent=2))
            return
        console().print(runs_report(found))


def compare(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Two run folders or more.")],
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Put runs side by side: settings that differ, scores, and a paired test against the first."""
    if len(runs) < 2:
        raise typer.BadParameter("name two runs or more")
    with command(debug=debug):
        from gru_sentiment.recipes import compare_runs as recipe

        comparison = recipe.compare_runs(runs)
        if as_json:
            print(json.dumps(comparison.to_json(), indent=2))
            return
        console().print(run_comparison_report(comparison))
