"""Word vectors of a file, whole or damaged."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from gru_sentiment.errors import VectorsError
from gru_sentiment.vectors.text_file import file_vectors
from gru_sentiment.vectors.word_vectors import (
    WordVectors,
)

from .files import ROWS, TEXT, WORDS, write


def zipped(members: dict[str, str | bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def with_member_byte(archive: bytes, offset: int, value: int) -> bytes:
    """A zip of one member with one byte set, in both places that describe the member."""
    changed, central = bytearray(archive), archive.index(b"PK\x01\x02")
    changed[offset] = changed[central + offset + 2] = value
    return bytes(changed)


def flipped(content: bytes, position: int) -> bytes:
    changed = bytearray(content)
    changed[position] ^= 0xFF
    return bytes(changed)


def assert_right_rows(vectors: WordVectors) -> None:
    assert vectors.found.tolist() == [word in ROWS for word in WORDS]
    assert vectors.dimension == 3
    assert vectors.matrix.dtype == np.float32
    for word, row in zip(WORDS, vectors.matrix, strict=True):
        if word in ROWS:
            np.testing.assert_array_equal(row, np.array(ROWS[word], np.float32))


@pytest.mark.parametrize(
    "text",
    [TEXT, f"6 3\n{TEXT}", TEXT.replace("\n", "\r\n"), TEXT.replace("\n", " \n"), TEXT.rstrip()],
    ids=["plain", "header", "CRLF", "spaces at the end", "no last newline"],
)
@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("v.txt", str.encode),
        ("v.vec", str.encode),
        ("v.txt.gz", lambda text: gzip.compress(text.encode())),
        ("v.zip", lambda text: zipped({"v.txt": text})),
        ("v.zip", lambda text: zipped({"glove/": "", "glove/v.txt": text}, zipfile.ZIP_STORED)),
    ],
    ids=["txt", "vec", "gz", "zip", "zip with a folder"],
)
def test_every_kind_of_file(name: str, pack: object, text: str, tmp_path: Path) -> None:
    assert callable(pack)
    vectors = file_vectors(write(tmp_path, name, pack(text)), WORDS)
    assert_right_rows(vectors)
    assert vectors.origin == name


def test_the_first_of_equal_words_counts(tmp_path: Path) -> None:
    path = write(tmp_path, "v.txt", "film 1 2 3\nfilm 4 5 6\n")
    assert file_vectors(path, ["film"]).matrix.tolist() == [[1, 2, 3]]


def test_bytes_that_are_no_text_are_passed_over(tmp_path: Path) -> None:
    path = write(tmp_path, "v.txt", b"\xff\xfe 1 2 3\nno\xc2\xa0break 4 5 6\nfilm 7 8 9\n")
    found = file_vectors(path, ["film", "no\u00a0break"])
    assert found.matrix.tolist() == [[7, 8, 9], [4, 5, 6]]


def test_one_dimension(tmp_path: Path) -> None:
    path = write(tmp_path, "v.txt", "film 1\nthe 2\n")
    assert file_vectors(path, ["the", "film", "x"]).matrix.tolist() == [[2], [1], [0]]


LONG = TEXT * 500


DAMAGED = {
    "last line cut": ("v.txt", TEXT[: TEXT.index(" 6.0")], "line 4: 2 numbers, expected 3"),
    "last line cut after the word": ("v.txt", TEXT[: TEXT.index(" 4.0")], "line 4: 0 numbers"),
    "gz cut off": ("v.txt.gz", gzip.compress(LONG.encode())[:-20], "damaged or cut off"),
    "gz cut off in its checksum": ("v.txt.gz", gzip.compress(LONG.encode())[:-3], "cut off"),
    "gz with a wrong checksum": ("v.txt.gz", flipped(gzip.compress(TEXT.encode()), -6), "damaged"),
    "gz damaged": ("v.txt.gz", flipped(gzip.compress(TEXT.encode()), 40), r"damaged|line \d"),
    "no gz at all": ("v.txt.gz", TEXT, "damaged or cut off: Not a gzipped file"),
    "zip cut off": ("v.zip", zipped({"v.txt": LONG})[:-30], "damaged or cut off: File is not"),
    "zip damaged": ("v.zip", flipped(zipped({"v.txt": LONG}), 60), r"damaged|line \d"),
    "zip with a wrong checksum": (
        "v.zip",
        flipped(zipped({"v.txt": TEXT}, zipfile.ZIP_STORED), 45),
        "damaged or cut off: Bad CRC-32",
    ),
    "no zip at all": ("v.zip", TEXT, "damaged or cut off: File is not a zip file"),
    "zip with a password": ("v.zip", with_member_byte(zipped({"v.txt": TEXT}), 6, 1), "encrypted"),
    "zip of an unknown method": (
        "v.zip",
        with_member_byte(zipped({"v.txt": TEXT}), 8, 9),
        "compression method",
    ),
    "zip of two": ("v.zip", zipped({"a.txt": TEXT, "b.txt": TEXT}), "holds 2 files: a.txt, b.txt"),
    "zip of none": ("v.zip", zipped({}), "holds 0 files"),
    "web page": ("v.txt", "<!DOCTYPE html>\n<html>502 Bad Gateway</html>", "a web page"),
    "web page as zip": ("v.zip", "\n  <HTML><body>Not found", "a web page, not word vectors"),
    "web page as gz": ("v.txt.gz", "<?xml version='1.0'?><Error/>", "a web page"),
    "empty": ("v.txt", "", "holds no vectors"),
    "empty gz": ("v.txt.gz", gzip.compress(b""), "holds no vectors"),
    "header only": ("v.txt", "400000 50\n", "holds no vectors"),
    "not a number": ("v.txt", TEXT.replace("4.0", "four"), "line 4: .*float.*four"),
    "not a number in the first line": ("v.txt", TEXT.replace("0.5", "x"), "line 1: .*float.*x"),
    "NaN": ("v.txt", TEXT.replace("5.0", "nan"), "line 4: a number that is not finite"),
    "infinity": ("v.txt", TEXT.replace("5.0", "inf"), "line 4: a number that is not finite"),
    "words alone": ("v.txt", "the\nfilm\n", "line 1: no numbers after the word"),
    "tabs": ("v.txt", TEXT.replace(" ", "\t"), "line 1: no numbers after the word"),
    "shorter line": ("v.txt", "the 1 2 3\nx 1 2\nfilm 1 2 3\n", "line 2: 2 numbers, expected 3"),
    "longer lines": ("v.txt", "the 1 2\nfilm 1 2 3\nx 1 2 3\n", "line 2"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "content", "message"), DAMAGED.values(), ids=DAMAGED)
def test_files_that_cannot_be_used(
    name: str, content: str | bytes, message: str, tmp_path: Path
) -> None:
    path = write(tmp_path, name, content)
    with pytest.raises(VectorsError, match=message) as caught:
        file_vectors(path, WORDS)
    assert str(path) in caught.value.cause


def test_missing_file(tmp_path: Path) -> None:
    for path in (tmp_path / "none.txt", tmp_path):
        with pytest.raises(VectorsError, match="no such file of word vectors") as caught:
            file_vectors(path, WORDS)
        assert str(path) in caught.value.cause
        assert "vectors.path" in caught.value.hint
