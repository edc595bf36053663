"""Labels that the other rows contradict are found, and named by their rows."""

from __future__ import annotations

import builtins
import random
from pathlib import Path
from typing import Any

import pytest
from conftest import write_csv, write_tiny

from gru_sentiment.config.loading import load_config
from gru_sentiment.config.sections import Config
from gru_sentiment.errors import DataError, MissingPackageError
from gru_sentiment.recipes.check_labels import check_labels

OTHER = {"negative": "positive", "positive": "negative"}
WRONG = [5, 40, 77, 120, 161]
"""Rows whose labels are turned round, from 1 on."""


WORDS = {
    "positive": ["great", "lovely", "superb", "moving", "funny"],
    "negative": ["awful", "dull", "silly", "boring", "cheap"],
}


def reviews() -> list[tuple[str, str]]:
    """200 texts with three words of their class each."""
    generator = random.Random(0)
    return [
        (f"a {' '.join(generator.sample(WORDS[label], 3))} film number {i}", label)
        for i in range(100)
        for label in OTHER
    ]


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """Of 200 reviews, five of which have the wrong label."""
    path = write_tiny(tmp_path)
    wrong = [
        (text, OTHER[label] if i in WRONG else label)
        for i, (text, label) in enumerate(reviews(), 1)
    ]
    write_csv(tmp_path / "reviews.csv", wrong)
    return load_config(path)


def test_wrong_labels_come_first(config: Config) -> None:
    report = check_labels(config)
    assert report.rows == 200
    first = report.suspects[: len(WRONG) - 1]  # one wrong label in 40 may pass for a rare opinion
    assert len(first) == len(WRONG) - 1
    assert {suspect.row for suspect in first} < set(WRONG)
    truth = reviews()
    for suspect in first:
        text, right = truth[suspect.row - 1]
        assert (suspect.split, suspect.text) == ("train", text)
        assert (suspect.label, suspect.suggested) == (OTHER[right], right)
        assert suspect.probability < 0.5
    probabilities = [suspect.probability for suspect in report.suspects]
    assert probabilities == sorted(probabilities)


def test_the_same_every_time(config: Config) -> None:
    assert check_labels(config) == check_labels(config)


def test_a_text_that_stands_twice_is_not_predicted_from_itself(
    config: Config, tmp_path: Path
) -> None:
    text, label = reviews()[0]
    with (tmp_path / "reviews.csv").open("a", encoding="utf-8") as file:
        file.write(f"{text},{label}\n" + f"{text},{OTHER[label]}\n" * 2)
    found = {suspect.row: suspect.probability for suspect in check_labels(config).suspects}
    assert {201, 202, 203} & set(found) == {202, 203}
    assert found[202] == found[203]


def test_a_class_with_few_texts(config: Config, tmp_path: Path) -> None:
    with (tmp_path / "reviews.csv").open("a", encoding="utf-8") as file:
        file.writelines(f"another text {i},other\n" for i in range(4))
    with pytest.raises(DataError, match="class other has 4 distinct texts") as caught:
        check_labels(config)
    assert caught.value.hint


def test_without_the_extra(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    known = builtins.__import__

    def without(name: str, *others: Any, **more: Any) -> Any:
        if name.startswith("cleanlab"):
            raise ImportError(name)
        return known(name, *others, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingPackageError, match="cleanlab is not installed") as caught:
        check_labels(config)
    assert caught.value.hint == "pip install 'gru-sentiment[clean]'"
