"""Values of a run under their names."""

from __future__ import annotations

from dataclasses import fields

from gru_sentiment.results.runs import COLUMNS, RunSummary

RUN = RunSummary(
    run="runs/gru",
    kind="net",
    cell="gru",
    parameters=10,
    seed=0,
    validation=0.9,
    test=None,
    minutes=1.0,
    date=None,
    finished=True,
    best=False,
    metrics={"test.macro_f1": 0.8},
    config={"model.layers": 2},
)


def test_values_under_their_names() -> None:
    assert RUN.value("cell") == "gru"
    assert RUN.value("test.macro_f1") == 0.8
    assert RUN.value("model.layers") == 2
    assert RUN.value("test") is None
    assert RUN.value("odd") is None
    assert RUN.names() == [*COLUMNS, "test.macro_f1", "model.layers"]


def test_columns_are_the_fields_of_one_value() -> None:
    assert {*COLUMNS, "metrics", "config"} == {field.name for field in fields(RunSummary)}
