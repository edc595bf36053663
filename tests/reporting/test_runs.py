"""Runs in tables, as one reads them."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

from rich.console import Console, RenderableType

from gru_sentiment.reporting.runs import run_comparison_report, runs_report, series_report
from gru_sentiment.results.evaluation import PairedComparison
from gru_sentiment.results.runs import RunComparison, RunSummary, SeriesResult, Spread

RUN = RunSummary(
    run="runs/gru",
    kind="net",
    cell="gru",
    parameters=1_389_109,
    seed=0,
    validation=0.91151,
    test=0.91759,
    minutes=2.28,
    date="2026-11-24T20:27:39+00:00",
    finished=True,
    best=False,
    metrics={"validation.accuracy": 0.91151, "test.accuracy": 0.91759},
    config={},
)
BARE = RunSummary(
    run="runs/[bold]x",
    kind="baseline",
    cell=None,
    parameters=None,
    seed=None,
    validation=None,
    test=None,
    minutes=None,
    date=None,
    finished=False,
    best=False,
    metrics={},
    config={},
)
PAIRED = PairedComparison(
    n=2520, difference=0.0123, low=-0.001, high=0.025, p_value=0.04321, fixed=1100, broken=69
)


def lines_of(report: RenderableType) -> list[str]:
    console = Console(file=StringIO(), width=160)
    console.print(report)
    assert isinstance(console.file, StringIO)
    return [" ".join(line.split()) for line in console.file.getvalue().splitlines()]


def test_a_row_a_run() -> None:
    lines = lines_of(runs_report([RUN, replace(RUN, run="runs/a", best=True), BARE]))
    assert "runs/gru net gru 1,389,109 0 0.9115 0.9176 2.3 2026-11-24 20:27" in lines
    assert "runs/a (best) net gru 1,389,109 0 0.9115 0.9176 2.3 2026-11-24 20:27" in lines
    assert "runs/[bold]x (not finished) baseline - - - - - - -" in lines
    assert lines_of(runs_report([])) == ["no runs"]


def test_runs_side_by_side() -> None:
    comparison = RunComparison(
        runs=[RUN, BARE, RUN],
        differences={
            "text.max_size": [25000, None, 10000],
            "model.bidirectional": [True, False, None],
            "model.pooling": [["max"], "last", None],
        },
        metrics={"validation.n": [2520, None, 1000], "validation.accuracy": [0.9, None, 0.81234]},
        paired=["other rows", PAIRED],
    )
    lines = lines_of(run_comparison_report(comparison))
    for line in [
        "setting runs/gru runs/[bold]x runs/gru",
        "text.max_size 25000 null 10000",
        "model.bidirectional true false null",
        'model.pooling ["max"] last null',
        "parameters 1,389,109 - 1,389,109",
        "validation.n 2,520 - 1,000",
        "validation.accuracy 0.9000 - 0.8123",
        "runs/[bold]x against runs/gru, on the validation split:",
        "no paired test: other rows",
        "difference in accuracy +0.0123, 95 % interval -0.0010 to +0.0250, on 2,520 rows",
        "1,100 rows fixed, 69 broken; McNemar's exact test: p = 0.0432",
    ]:
        assert line in lines
    same = replace(comparison, differences={})
    assert lines_of(run_comparison_report(same))[0] == "the settings are the same"


def test_seeds() -> None:
    other = replace(RUN, seed=1, best=True, metrics=RUN.metrics | {"test.accuracy": 0.92})
    result = SeriesResult(
        kind="seed",
        folder="runs/many",
        runs=[RUN, other],
        spread={
            "validation.accuracy": Spread(0.91151, 0.0, 0.91151, 0.91151),
            "test.accuracy": Spread(0.918795, 0.0017041, 0.91759, 0.92),
        },
        best="runs/many/seed-1",
        monitor="-loss",
    )
    lines = lines_of(series_report(result))
    for line in [
        "accuracy validation test",
        "seed 0 0.9115 0.9176",
        "seed 1 (best) 0.9115 0.9200",
        "over 2 seeds mean standard deviation lowest highest",
        "test.accuracy 0.9188 0.0017 0.9176 0.9200",
    ]:
        assert line in lines
    assert lines[-2:] == [
        "best by -loss on validation: runs/many/seed-1",
        "folder: runs/many",
    ]


def test_folds() -> None:
    validation = {"validation.accuracy": 0.8, "validation.loss": 0.5, "validation.macro_f1": 0.79}
    runs = [
        replace(
            RUN,
            best=fold == 2,
            metrics=validation | {"test.accuracy": 0.7 + fold / 100},
            config={"data.fold": fold},
        )
        for fold in (1, 2)
    ]
    result = SeriesResult(
        kind="fold",
        folder="runs/many",
        runs=runs,
        spread={
            **{key: Spread(value, 0.0, value, value) for key, value in validation.items()},
            "validation.roc_auc": Spread(0.9, 0.0, 0.9, 0.9),
            "test.accuracy": Spread(0.715, 0.0070711, 0.71, 0.72),
        },
        best="runs/many/fold-2",
        monitor="-loss",
    )
    lines = lines_of(series_report(result))
    for line in [
        "validation split accuracy loss macro F1",
        "fold 1 0.8000 0.5000 0.7900",
        "fold 2 (best) 0.8000 0.5000 0.7900",
        "mean ± standard deviation 0.8000 ± 0.0000 0.5000 ± 0.0000 0.7900 ± 0.0000",
        "test split accuracy",
        "mean ± standard deviation 0.7150 ± 0.0071",
    ]:
        assert line in lines
    text = " ".join(lines)
    assert "Each fold's best epoch was chosen on it" in text
    assert "for a model of all rows, train without --folds" in text
    assert lines[-1] == "folder: runs/many"
