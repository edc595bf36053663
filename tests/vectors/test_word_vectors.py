"""Word vectors have one dimension."""

from __future__ import annotations

from pathlib import Path

import pytest

from gru_sentiment.errors import VectorsError
from gru_sentiment.vectors.text_file import file_vectors
from gru_sentiment.vectors.word_vectors import (
    check_dimension,
)

from .files import TEXT, WORDS, write


def test_dimension_is_checked(tmp_path: Path) -> None:
    vectors = file_vectors(write(tmp_path, "v.txt", TEXT), WORDS)
    check_dimension(vectors.dimension, None, vectors.origin)
    check_dimension(vectors.dimension, 3, vectors.origin)
    with pytest.raises(VectorsError, match=r"vectors\.dimension is 50, v\.txt has 3") as caught:
        check_dimension(vectors.dimension, 50, vectors.origin)
    assert caught.value.hint == "set vectors.dimension to 3 or leave it out"
