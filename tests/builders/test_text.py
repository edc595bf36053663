"""Options of texts and word vectors arrive where they belong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gru_sentiment.builders.corpus import build_tokenizer
from gru_sentiment.builders.text import (
    build_batcher,
    build_encoded,
    build_vectors,
    build_vocabulary,
)
from gru_sentiment.config.sections import TextConfig, VectorsConfig
from gru_sentiment.config.training import (
    TrainingConfig,
)
from gru_sentiment.data.vocab import UNKNOWN_ID, Vocabulary
from gru_sentiment.errors import DataError, VectorsError

VOCABULARY = Vocabulary(["<unk>", "<pad>", "good", "bad"])


def test_vocabulary_options() -> None:
    counts = {"a": 5, "b": 3, "c": 3, "d": 1}
    assert build_vocabulary(TextConfig(), counts).words[2:] == ["a", "b", "c"]
    limited = TextConfig(min_frequency=1, max_size=2)
    assert build_vocabulary(limited, counts).words[2:] == ["a", "b"]


def test_an_empty_vocabulary_is_refused() -> None:
    with pytest.raises(DataError, match=r"no word of the training split occurs 3 times") as caught:
        build_vocabulary(TextConfig(min_frequency=3), {"a": 2})
    assert caught.value.hint == "lower text.min_frequency, or add reviews"


def test_encoding_cuts_the_middle() -> None:
    tokenized = build_tokenizer(TextConfig()).many(["good bad film bad good good"])
    encoded = build_encoded(TextConfig(max_tokens=3, head_tokens=1), tokenized, VOCABULARY)
    steps = np.arange(3)
    assert list(encoded.read(np.zeros(3, int), steps)) == [2, 2, 2]
    whole = build_encoded(TextConfig(max_tokens=None), tokenized, VOCABULARY)
    assert list(whole.read(np.zeros(6, int), np.arange(6))) == [2, 3, UNKNOWN_ID, 3, 2, 2]


@pytest.mark.parametrize(
    ("options", "sizes"),
    [({"batch_size": 2}, [2, 1]), ({"batch_size": None, "tokens_per_batch": 3}, [1, 2])],
)
def test_batches_stay_within_the_budget(options: dict[str, int], sizes: list[int]) -> None:
    tokenized = build_tokenizer(TextConfig()).many(["good", "good bad", "good bad good"])
    encoded = build_encoded(TextConfig(), tokenized, VOCABULARY)
    batcher = build_batcher(TrainingConfig.model_validate(options), encoded)
    assert [len(batch) for batch in batcher.in_order(np.arange(3))] == sizes


@pytest.mark.parametrize(("dimension", "expected"), [(None, 100), (7, 7)])
def test_random_vectors_have_a_dimension(dimension: int | None, expected: int) -> None:
    vectors = build_vectors(VectorsConfig(source="none", dimension=dimension), VOCABULARY)
    assert vectors.matrix.shape == (4, expected)
    assert not vectors.found.any()


def test_vectors_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "v.txt"
    path.write_text("good 1 2\nother 3 4\n", "utf-8")
    vectors = build_vectors(VectorsConfig(source="file", path=path), VOCABULARY)
    assert vectors.found.tolist() == [False, False, True, False]
    assert vectors.matrix[2].tolist() == [1.0, 2.0]


def test_vectors_of_another_dimension_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "v.txt"
    path.write_text("good 1 2\nbad 3 4\n", "utf-8")
    with pytest.raises(VectorsError, match=r"vectors\.dimension is 3, .* has 2"):
        build_vectors(VectorsConfig(source="file", path=path, dimension=3), VOCABULARY)
