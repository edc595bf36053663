"""The settings that are suggested fit together, whatever file they are for."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gru_sentiment.config.loading import parse_config
from gru_sentiment.config.yaml_file import dump_commented
from gru_sentiment.inspection.settings import suggested
from gru_sentiment.results.survey import Survey
from gru_sentiment.trained.encoder import load_encoder

start_of = functools.cache(load_encoder)


def surveyed(**changes: Any) -> Survey:
    return Survey(
        **{
            "path": Path("a.csv"),
            "dialect": {"delimiter": ";", "quoting": "none", "encoding": "latin-1"},
            "text_column": "the text: all of it",
            "label_column": "# label",
            "classes": {"bad": 500, "good": 700},
            "words": {50: 20, 95: 80, 100: 300},
            "language": "en",
            "start": "bundled",
            **changes,
        }
    )


@settings(deadline=None)  # the first example loads an encoder
@given(
    st.lists(st.integers(1, 10**6), min_size=2, max_size=30),
    st.integers(0, 10**5),
    st.sampled_from([("en", "bundled/classifier"), ("en", "bundled"), ("en", None), ("sl", None)]),
    st.sampled_from([None, "|", ";"]),
    st.text(st.characters(codec="utf-8"), min_size=1),
)
def test_any_survey_gives_a_config_that_can_be_read(
    rows: list[int], words: int, spoken: tuple[str, str | None], separator: str | None, name: str
) -> None:
    language, start = spoken
    survey = surveyed(
        classes={str(i): n for i, n in enumerate(rows)},
        words={50: words // 4, 95: words, 100: 2 * words},
        language=language,
        start=start,
        label_sets=None if separator is None else 100,
        label_separator=separator,
        text_column=name,
    )
    values, comments = suggested(survey, "folder/a.csv")
    config = parse_config(dump_commented(values, comments, heading="a\nb"), "a.yaml")
    assert config.model_dump(mode="json", exclude_unset=True) == values
    assert config.data.text_column == name
    assert config.text.language == language
    assert config.data.label_separator == separator
    assert (str(config.model.initialize_from or "") or None) == start
    if config.model.initialize_from:
        start_of(config.model.initialize_from).check_fits(config)


def test_few_rows_are_all_trained_on_and_validated_with() -> None:
    values, comments = suggested(surveyed(classes={"a": 150, "b": 150}), "a.csv")
    assert values["data"]["test_size"] == 0
    assert "few rows" in comments["data.test_size"]
    assert suggested(surveyed(), "a.csv")[0]["data"]["test_size"] == 0.1


@pytest.mark.parametrize(("rows", "monitor"), [(120, "last"), (130, None)])
def test_fewer_than_50_validation_rows_choose_no_epoch(rows: int, monitor: str | None) -> None:
    values, _ = suggested(surveyed(classes={"a": rows, "b": rows}, label_sets=None), "a.csv")
    assert values["training"].get("monitor") == monitor


@pytest.mark.parametrize(("rare", "weights"), [(30, "balanced"), (300, None)])
def test_rare_classes_weigh_more(rare: int, weights: str | None) -> None:
    values, _ = suggested(surveyed(classes={"a": rare, "b": 1000}), "a.csv")
    assert values["training"].get("class_weights") == weights
