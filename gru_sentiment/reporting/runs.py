"""Runs for a terminal: listed, compared, and several seeds or folds of one config."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from gru_sentiment.reporting.numbers import score
from gru_sentiment.reporting.tables import add_row, new_table
from gru_sentiment.reporting.wording import changed_rows, difference
from gru_sentiment.results.evaluation import PairedComparison
from gru_sentiment.results.runs import RunComparison, RunSummary, SeriesResult

UNKNOWN = "-"
"""Stands for None."""
MINUTE = len("2026-11-24T20:27")
"""Characters of a date that are shown."""
OF_FOLDS = {"accuracy": "accuracy", "loss": "loss", "macro_f1": "macro F1"}
"""Scores that are shown of every fold, and what they are called."""


def runs_report(runs: Sequence[RunSummary]) -> RenderableType:
    """A row for every run."""
    if not runs:
        return Text("no runs")
    table = new_table(
        "run", "kind", "cell", "parameters", "seed", "validation", "test", "minutes", "date"
    )
    # room for nine columns in a narrow terminal: the name and the date are wrapped
    table.collapse_padding, table.pad_edge = True, False
    for column in table.columns[1:-1]:
        column.no_wrap = True
    for run in runs:
        add_row(
            table,
            _name(run),
            run.kind,
            run.cell or UNKNOWN,
            _count(run.parameters),
            UNKNOWN if run.seed is None else str(run.seed),
            _score(run.validation),
            _score(run.test),
            UNKNOWN if run.minutes is None else f"{run.minutes:.1f}",
            (run.date or UNKNOWN)[:MINUTE].replace("T", " "),
        )
    return table


def run_comparison_report(comparison: RunComparison) -> RenderableType:
    """Settings that differ, scores, and the paired tests."""
    names = [run.run for run in comparison.runs]
    settings = new_table("setting", *names)
    for key, values in comparison.differences.items():
        add_row(settings, key, *map(_setting, values))
    scores = new_table("score", *names)
    add_row(scores, "parameters", *(_count(run.parameters) for run in comparison.runs))
    for key, numbers in comparison.metrics.items():
        counts = key.endswith(".n")
        add_row(scores, key, *(_count(n) if counts else _score(n) for n in numbers))
    equal = Text("the settings are the same")
    lines = _paired_lines(names, comparison.paired)
    return Group(settings if comparison.differences else equal, scores, *map(Text, lines))


def series_report(result: SeriesResult) -> RenderableType:
    """Several seeds or folds: a row for every run, and mean and spread of the scores."""
    return _folds_report(result) if result.kind == "fold" else _seeds_report(result)


def _folds_report(result: SeriesResult) -> RenderableType:
    """The scores of every fold, then their mean and standard deviation."""
    tables = []
    for split in ("validation", "test"):
        shown = {
            key: n for name, n in OF_FOLDS.items() if (key := f"{split}.{name}") in result.spread
        }
        if not shown:
            continue
        table = new_table(f"{split} split", *shown.values())
        for run in result.runs:
            add_row(
                table, _title(run, "fold", "data.fold"), *(score(run.metrics[key]) for key in shown)
            )
        spreads = [result.spread[key] for key in shown]
        table.add_section()
        add_row(
            table,
            "mean ± standard deviation",
            *(f"{score(of.mean)} ± {score(of.deviation)}" for of in spreads),
        )
        tables.append(table)
    lines = [
        "The validation split of each run is its fold. Each fold's best epoch was chosen on it, so "
        "that these scores are a little too good.",
        f"best by {result.monitor} on its fold: {result.best}; as a RUN, {result.folder} means it",
        "No run is trained on all folds: for a model of all rows, train without --folds.",
        f"folder: {result.folder}",
    ]
    return Group(*tables, *map(Text, lines))


def _title(run: RunSummary, kind: str, key: str) -> str:
    return f"{kind} {run.value(key)}" + (" (best)" if run.best else "")


def _seeds_report(result: SeriesResult) -> RenderableType:
    """The accuracy of every seed, then mean and spread of every score."""
    keys = {split: f"{split}.accuracy" for split in ("validation", "test")}
    keys = {split: key for split, key in keys.items() if key in result.spread}
    seeds = new_table("accuracy", *keys)
    for run in result.runs:
        add_row(
            seeds, _title(run, "seed", "seed"), *(score(run.metrics[key]) for key in keys.values())
        )
    spread = new_table(
        f"over {len(result.runs)} seeds", "mean", "standard deviation", "lowest", "highest"
    )
    for key, of in result.spread.items():
        add_row(spread, key, *map(score, (of.mean, of.deviation, of.low, of.high)))
    lines = [f"best by {result.monitor} on validation: {result.best}", f"folder: {result.folder}"]
    return Group(seeds, spread, *map(Text, lines))


def _name(run: RunSummary) -> str:
    marks = [*(["best"] if run.best else []), *([] if run.finished else ["not finished"])]
    return f"{run.run} ({', '.join(marks)})" if marks else run.run


def _paired_lines(names: Sequence[str], paired: Sequence[PairedComparison | str]) -> Iterator[str]:
    first, *others = names
    for name, comparison in zip(others, paired, strict=True):
        yield f"{name} against {first}, on the validation split:"
        if isinstance(comparison, str):
            yield f"  no paired test: {comparison}"
            continue
        yield f"  difference in accuracy {difference(comparison)}, on {comparison.n:,} rows"
        yield f"  {changed_rows(comparison)}"


def _score(value: float | None) -> str:
    return UNKNOWN if value is None else score(value)


def _count(value: float | None) -> str:
    return UNKNOWN if value is None else f"{value:,}"


def _setting(value: Any) -> str:
    """A value as a config holds it."""
    return value if isinstance(value, str) else json.dumps(value)
