"""An extracted aclImdb: train/pos/*.txt, train/neg/*.txt, and the same below test/."""

from __future__ import annotations

from pathlib import Path

from gru_sentiment.errors import DataError
from gru_sentiment.sources.records import RawSplit, Records, records_from

CLASS_FOLDERS = {"neg": "negative", "pos": "positive"}


def load_folder(path: Path) -> Records:
    """Read the records of train/ and, if it exists, of test/.

    Raises:
        DataError: a folder is missing or empty, or a review is not UTF-8.
    """
    splits = {"train": _read_split(path / "train")}
    if (path / "test").is_dir():
        splits["test"] = _read_split(path / "test")
    return records_from(splits)


def _read_split(folder: Path) -> RawSplit:
    texts: list[str | None] = []
    labels: list[str] = []
    for name, label in CLASS_FOLDERS.items():
        files = sorted((folder / name).glob("*.txt"))
        if not files:
            raise DataError(
                f"{folder / name}: no reviews (*.txt) there",
                hint="data.path is the folder that holds train/neg and train/pos, e.g. aclImdb",
            )
        texts.extend(read_review(file) for file in files)
        labels.extend([label] * len(files))
    return RawSplit(str(folder), texts, labels)


def read_review(file: Path) -> str:
    """Read the text of a file.

    Raises:
        DataError: the file is not UTF-8.
    """
    try:
        return file.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"{file}: byte {error.start} is not UTF-8") from error
