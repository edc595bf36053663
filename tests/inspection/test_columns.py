"""The columns that a reader of the table would take for texts and labels."""

from __future__ import annotations

from typing import Any

import pytest

from gru_sentiment.errors import DataError, UnclearColumnError
from gru_sentiment.inspection.columns import Table, check_header, label_column, text_column

TEXTS = [f"A sentence about the film number {i}." for i in range(40)]
CLASSES = ["good", "bad"] * 20
IDS = list(range(40))


@pytest.mark.parametrize("name", ["text", "Review", " comment ", "whatever"])
def test_texts_by_name_or_length(name: str) -> None:
    assert text_column({"id": IDS, "label": CLASSES, name: TEXTS}) == name


def test_a_usual_name_goes_before_a_longer_column_but_not_a_much_longer_one() -> None:
    twice = [text * 2 for text in TEXTS]
    assert text_column({"notes": twice, "review": TEXTS}) == "review"
    assert text_column({"title": [text[:9] for text in TEXTS], "notes": twice}) == "notes"


@pytest.mark.parametrize("values", [IDS, ["1.25"] * 40, ["a"] * 40, [None] * 40])
def test_no_texts(values: list[Any]) -> None:
    with pytest.raises(DataError, match="no column holds texts; columns found: a") as caught:
        text_column({"a": values}, "--{}")
    assert caught.value.hint == "name it with --text-column"


@pytest.mark.parametrize("name", ["label", "Sentiment", "stars", "whatever"])
@pytest.mark.parametrize("classes", [CLASSES, [1, 0] * 20, ["1", "2", "3", "4"] * 10])
def test_labels_by_name_or_by_few_values(name: str, classes: list[Any]) -> None:
    table: Table = {"id": IDS, "text": TEXTS, name: classes, "constant": ["x"] * 40}
    assert label_column(table, "text") == name


def test_a_usual_name_goes_before_other_columns_with_few_values() -> None:
    table: Table = {
        "text": TEXTS,
        "year": ["2001", "2002"] * 20,
        "label": ["a"] * 20 + ["b"] * 20,
    }
    assert label_column(table, "text") == "label"


def test_of_numbers_and_words_for_the_same_classes_the_words() -> None:
    numbers = [{"good": 1, "bad": 0}[label] for label in CLASSES]
    table: Table = {"text": TEXTS, "label": numbers, "sentiment": CLASSES}
    assert label_column(table, "text") == "sentiment"
    table = {"text": TEXTS, "a": numbers, "b": CLASSES}
    assert label_column(table, "text") == "b"


def test_several_columns_that_could_be_meant() -> None:
    table: Table = {
        "text": TEXTS,
        "genre": ["a"] * 10 + ["b"] * 30,
        "place": CLASSES,
    }
    with pytest.raises(UnclearColumnError, match="could hold the labels: genre, place") as caught:
        label_column(table, "text", "--{}")
    assert caught.value.candidates == ["genre", "place"]
    assert caught.value.hint == "name one with --label-column"


def test_a_column_of_a_usual_name_is_taken_where_no_other_can_be_one() -> None:
    assert label_column({"text": TEXTS, "id": IDS, "label": ["x"] * 40}, "text") == "label"


def test_a_file_without_a_header() -> None:
    check_header({"text": TEXTS, "label": CLASSES})
    with pytest.raises(DataError, match="'good' seems to be a value") as caught:
        check_header({"A fine film.": TEXTS, "good": CLASSES})
    assert "write a line such as text,label before it" in caught.value.hint
    with pytest.raises(DataError, match="'A fine film that I would like to see aga' seems"):
        check_header({"A fine film that I would like to see again.": TEXTS, "class": CLASSES})
    with pytest.raises(DataError, match="holds no rows"):
        check_header({"text": [], "label": []})


@pytest.mark.parametrize("values", [IDS, ["x"] * 40, TEXTS[::-1]])
def test_no_labels(values: list[Any]) -> None:
    with pytest.raises(DataError, match="none but 'text' has between 2 and 1,000 values") as caught:
        label_column({"text": TEXTS, "a": values}, "text", "--{}")
    assert "--label-column" in caught.value.hint
