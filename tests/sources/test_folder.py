from __future__ import annotations

from pathlib import Path

import pytest

from gru_sentiment.errors import DataError
from gru_sentiment.sources.folder import load_folder


def lay_out(root: Path, reviews: dict[str, str | bytes]) -> Path:
    for name, text in reviews.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
    return root


TRAIN = {
    "train/pos/1_9.txt": "Loved it.",
    "train/pos/0_10.txt": "Caf\u00e9<br />scenes",
    "train/neg/0_2.txt": "two\nlines",
}
TEST = {"test/neg/7_1.txt": "", "test/pos/8_8.txt": "Good", "test/pos/9_7.txt": "Fine"}


def test_train_and_test(tmp_path: Path) -> None:
    records = load_folder(lay_out(tmp_path / "aclImdb", TRAIN | TEST))
    assert records.splits == {"train": range(3), "test": range(3, 6)}
    assert records.texts.to_pylist() == [
        "two\nlines",
        "Caf\u00e9<br />scenes",
        "Loved it.",
        "",
        "Good",
        "Fine",
    ]
    assert records.labels == ["negative", "positive", "positive"] * 2


def test_only_labelled_reviews_are_read(tmp_path: Path) -> None:
    others = {
        "train/unsup/0_0.txt": "unlabelled",
        "train/urls_pos.txt": "http",
        "train/pos/notes.md": "no review",
        "README": "about",
        "imdb.vocab": "the",
    }
    records = load_folder(lay_out(tmp_path, TRAIN | others))
    assert records.splits == {"train": range(3)}
    assert len(records.texts) == 3


def test_the_same_reviews_have_the_same_fingerprint(tmp_path: Path) -> None:
    first = load_folder(lay_out(tmp_path / "a", TRAIN | TEST)).fingerprint
    turned = dict(reversed((TRAIN | TEST).items()))
    assert load_folder(lay_out(tmp_path / "b", turned)).fingerprint == first
    changed = TRAIN | TEST | {"train/neg/0_2.txt": "two\nlinez"}
    assert load_folder(lay_out(tmp_path / "c", changed)).fingerprint != first


@pytest.mark.parametrize(
    ("reviews", "missing"),
    [
        ({}, "train/neg"),
        ({"train/neg/0_1.txt": "bad"}, "train/pos"),
        ({"train/neg/0_1.txt": "bad", "train/pos/readme": "x"}, "train/pos"),
        (TRAIN | {"test/neg/0_1.txt": "bad"}, "test/pos"),
        ({f"aclImdb/{name}": text for name, text in TRAIN.items()}, "train/neg"),
    ],
    ids=["nothing", "no pos", "no txt", "half a test part", "one folder too high"],
)
def test_a_folder_without_reviews(reviews: dict[str, str], missing: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no reviews") as caught:
        load_folder(lay_out(tmp_path, reviews))
    assert caught.value.cause.startswith(f"{tmp_path / missing}: ")
    assert "data.path" in caught.value.hint
    assert "aclImdb" in caught.value.hint


def test_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no reviews \(\*\.txt\) there"):
        load_folder(tmp_path / "none")


def test_not_utf8(tmp_path: Path) -> None:
    lay_out(tmp_path, TRAIN | {"train/pos/5_9.txt": b"caf\xe9"})
    with pytest.raises(DataError, match=r"byte 3 is not UTF-8") as caught:
        load_folder(tmp_path)
    assert caught.value.cause.startswith(str(tmp_path / "train/pos/5_9.txt"))
