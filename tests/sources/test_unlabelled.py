"""Texts without labels, from files and from folders; never those of a test split."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest

from gru_sentiment.errors import DataError
from gru_sentiment.sources.unlabelled import unlabelled_file, unlabelled_split

TEXTS = ["A film.", 'Zwei Zeilen\nund \u00fc, "quoted"', "third"]


def write(path: Path, texts: list[str | None]) -> Path:
    if path.suffix == ".parquet":
        pa.parquet.write_table(pa.table({"text": pa.array(texts, pa.string())}), path)
    elif path.suffix == ".jsonl":
        lines = [json.dumps({"id": i, "text": text}) for i, text in enumerate(texts)]
        path.write_text("\n".join(lines), "utf-8")
    else:
        quoted = ['"' + (text or "").replace('"', '""') + '"' for text in texts]
        path.write_text("\n".join(["text", *quoted]) + "\n", "utf-8")
    return path


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_only_the_text_column_is_needed(suffix: str, tmp_path: Path) -> None:
    path = write(tmp_path / f"unsupervised.{suffix}", TEXTS)
    assert unlabelled_file(path, "text")["text"].to_pylist() == TEXTS


def test_a_folder_of_reviews(tmp_path: Path) -> None:
    folder = tmp_path / "train" / "unsup"
    folder.mkdir(parents=True)
    for i, text in enumerate(TEXTS):
        (folder / f"{i}_0.txt").write_text(text, "utf-8")
    assert unlabelled_file(folder, "text")["text"].to_pylist() == TEXTS


def test_texts_without_a_word_are_left_out(tmp_path: Path) -> None:
    path = write(tmp_path / "more.jsonl", ["", " \n", None, "word"])
    assert unlabelled_file(path, "text")["text"].to_pylist() == ["word"]


@pytest.mark.parametrize(
    "name", ["test.csv", "imdb_test.csv", "Test-split.csv", "test/unsup.csv", "imdb.test.csv"]
)
def test_a_test_split_is_recognised_by_its_name(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    with pytest.raises(DataError, match="named like a test split") as caught:
        unlabelled_file(write(path, TEXTS), "text")
    assert caught.value.hint


@pytest.mark.parametrize("name", ["contest.csv", "latest.csv", "attestation.csv"])
def test_other_names_are_none(name: str, tmp_path: Path) -> None:
    assert len(unlabelled_file(write(tmp_path / name, TEXTS), "text")) == 3


def test_a_split_of_the_hub_named_test_is_refused_unread() -> None:
    with pytest.raises(DataError, match="stanfordnlp/imdb, split test: is named like a test"):
        unlabelled_split("stanfordnlp/imdb", "test")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda folder: folder / "none.csv", "no such file"),
        (lambda folder: write(folder / "blank.jsonl", [" ", ""]), "holds no text"),
        (lambda folder: folder, r"no reviews \(\*\.txt\) there"),
    ],
)
def test_what_holds_nothing(make: object, words: str, tmp_path: Path) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    with pytest.raises(DataError, match=words) as caught:
        unlabelled_file(make(folder), "text")  # type: ignore[operator]
    assert caught.value.hint


def test_another_column(tmp_path: Path) -> None:
    path = tmp_path / "more.csv"
    path.write_text("review\nGood\n", "utf-8")
    assert unlabelled_file(path, "review")["text"].to_pylist() == ["Good"]
    with pytest.raises(DataError, match="no column 'text'; columns found: review"):
        unlabelled_file(path, "text")
