"""Splits of a config, tokenised."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gru_sentiment.builders.corpus import build_corpus, build_tokenizer
from gru_sentiment.config.loading import load_config
from gru_sentiment.config.sections import TextConfig


def test_corpus_divides_the_rows(tiny_config: Path) -> None:
    corpus = build_corpus(load_config(tiny_config))
    assert corpus.labels.classes == ["negative", "positive"]
    assert {part: len(rows) for part, rows in corpus.splits.items()} == {
        "train": 48,
        "validation": 16,
        "test": 16,
    }
    together = np.concatenate(list(corpus.splits.values()))
    assert sorted(together) == list(range(80))
    assert list(corpus.label_ids[:4]) == [0, 1, 0, 1]
    assert len(corpus.tokenized.offsets) == 81


def test_the_split_follows_its_own_seed(tiny_config: Path) -> None:
    def rows(*overrides: str) -> list[int]:
        return list(build_corpus(load_config(tiny_config, overrides)).splits["validation"])

    assert rows() == rows("run.seed=5")
    assert rows() != rows("data.seed=5")


@pytest.mark.parametrize(
    ("lowercase", "words"), [(True, ["good", "film"]), (False, ["Good", "Film"])]
)
def test_tokenizer_options(lowercase: bool, words: list[str]) -> None:
    assert build_tokenizer(TextConfig(lowercase=lowercase))("Good Film") == words
