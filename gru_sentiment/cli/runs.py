"""`gru-sent runs` and `gru-sent compare`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gru_sentiment.cli.errors import command
from gru_sentiment.cli.options import Debug
from gru_sentiment.cli.outputs import check_standard_output
from gru_sentiment.cli.streams import print_json
from gru_sentiment.reporting.console import console
from gru_sentiment.reporting.runs import run_comparison_report, runs_report

AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def runs(
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="FOLDER", help="List the runs in this folder; by default runs."),
    ] = None,
    sort: Annotated[
        str,
        typer.Option(
            "--sort",
            metavar="KEY",
            help="Sort by a column, a score such as test.macro_f1 or a setting such as "
            "model.layers, the highest or newest first. -KEY reverses the order.",
        ),
    ] = "date",
    filters: Annotated[
        list[str] | None,
        typer.Option(
            "--filter",
            metavar="KEY=VALUE",
            help="List only runs with this value, such as cell=gru. May be repeated.",
        ),
    ] = None,
    as_json: AsJson = False,
    bundled: Annotated[
        bool, typer.Option("--bundled", help="Print the card of the model in the package.")
    ] = False,
    debug: Debug = False,
) -> None:
    """List runs with their settings and scores."""
    if bundled and folder is not None:
        raise typer.BadParameter("give FOLDER or --bundled, not both")
    with command(debug=debug):
        from gru_sentiment.recipes import inputs
        from gru_sentiment.recipes import list_runs as recipe

        if bundled:
            print(recipe.bundled_card(), end="")
            return
        check_standard_output(inputs.of_folder(folder))
        listed = recipe.list_runs(folder, sort=sort, filters=filters or [])
        if as_json:
            print_json([run.to_json() for run in listed], indent=2)
            return
        console().print(runs_report(listed))


def compare(
    runs: Annotated[
        list[Path], typer.Argument(metavar="RUN", help="Compare these run folders, two or more.")
    ],
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Compare runs: settings that differ, scores, and a paired test against the first run."""
    if len(runs) < 2:
        raise typer.BadParameter("give two run folders or more")
    with command(debug=debug):
        from gru_sentiment.recipes import compare_runs as recipe
        from gru_sentiment.recipes import inputs

        check_standard_output(inputs.of_runs(runs))
        comparison = recipe.compare_runs(runs)
        if as_json:
            print_json(comparison.to_json(), indent=2)
            return
        console().print(run_comparison_report(comparison))
