"""Words that no training text holds are predicted from their vectors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from predicting import predict
from trainings import LEARNED, train

from gru_sentiment.artifact.files import VOCABULARY
from gru_sentiment.builders.text import build_vocabulary, with_unseen_words
from gru_sentiment.config.sections import TextConfig, VectorsConfig

WORDS = ["the", "film", "was", "great", "awful", "marvellous", "ghastly"]
LIKE = {"marvellous": "great", "ghastly": "awful"}


@pytest.fixture
def vectors(tiny_config: Path) -> Path:
    """Vectors in which two words that no review holds have those of words that reviews hold."""
    matrix = np.random.default_rng(0).standard_normal((len(WORDS), 6)).round(3)
    of = dict(zip(WORDS, matrix, strict=True))
    path = tiny_config.with_name("vectors.txt")
    lines = [f"{word} {' '.join(map(str, of[LIKE.get(word, word)]))}" for word in WORDS]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def trained(config: Path, vectors: Path, *more: str) -> Path:
    settings = [f"vectors.path={vectors}", "vectors.dimension=6", *LEARNED, *more]
    return train(config, *settings, "model.embedding_frozen_epochs=all")


def test_an_unseen_word_predicts_as_the_word_that_has_its_vector(
    tiny_config: Path, vectors: Path
) -> None:
    run = trained(tiny_config, vectors, "vectors.unseen_words=10")
    texts = ["the film was marvellous", "the film was great", "ghastly film", "awful film"]
    marvellous, great, ghastly, awful = predict(texts, run)
    assert marvellous.probabilities == great.probabilities
    assert ghastly.probabilities == awful.probabilities
    assert marvellous.probabilities != ghastly.probabilities
    assert not marvellous.unknown_tokens
    assert (run / VOCABULARY).read_text("utf-8").endswith("\nmarvellous\nghastly\n")


def test_without_them_it_is_unknown(tiny_config: Path, vectors: Path) -> None:
    run = trained(tiny_config, vectors, f"run.output={tiny_config.parent / 'without'}")
    (found,) = predict(["marvellous"], run)
    assert found.unknown_tokens == 1


@pytest.mark.parametrize(("n", "expected"), [(0, []), (1, ["the"]), (99, [*WORDS[:3], *WORDS[4:]])])
def test_the_first_words_of_the_vectors_that_are_not_there(
    n: int, expected: list[str], vectors: Path
) -> None:
    seen = build_vocabulary(TextConfig(min_frequency=1), {"great": 2})
    config = VectorsConfig(source="file", path=vectors, unseen_words=n)
    assert with_unseen_words(config, seen).words == [*seen.words, *expected]
