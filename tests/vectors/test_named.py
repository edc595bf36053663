"""Word vectors by name, from a server on this machine."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torchtext.vocab

from gru_sentiment.errors import VectorsError
from gru_sentiment.vectors.downloads import Download
from gru_sentiment.vectors.named import SETS, NamedSet, named_vectors
from gru_sentiment.vectors.word_vectors import WordVectors

from .file_server import FileServer

NAME, FILE = "tiny.3d", "tiny.3d.txt"
WORDS = ["<unk>", "<pad>", "film", "the", "missing"]
TEXT = b"the 0.5 -1.25 3e-05\nunwanted 9 9 9\nfilm 4 5 6\n"


def zipped(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def offer(
    server: FileServer, monkeypatch: pytest.MonkeyPatch, body: bytes, *, zip_: bool = True
) -> None:
    """Let the server offer the set NAME."""
    server.body = body
    name = "tiny.zip" if zip_ else "tiny.vec"
    found = Download(name, (server.url,), hashlib.sha256(body).hexdigest(), len(body))
    monkeypatch.setitem(SETS, NAME, NamedSet(found, FILE if zip_ else None))


def assert_right_rows(vectors: WordVectors) -> None:
    assert vectors.found.tolist() == [False, False, True, True, False]
    np.testing.assert_array_equal(vectors.matrix[2], np.float32([4, 5, 6]))
    np.testing.assert_array_equal(vectors.matrix[3], np.float32([0.5, -1.25, 3e-05]))
    assert (vectors.dimension, vectors.origin) == (3, NAME)
    assert vectors.matrix.dtype == np.float32


def test_one_of_several_files_of_an_archive(
    server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    members = {"tiny.2d.txt": b"the 1 2\n", FILE: TEXT}
    offer(server, monkeypatch, zipped(**members))
    for _ in range(2):
        assert_right_rows(named_vectors(NAME, WORDS, tmp_path))
    assert len(server.requests) == 1
    # nothing is unpacked
    assert {path.suffix for path in tmp_path.iterdir()} <= {".zip", ".lock"}


def test_a_text_file(server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    offer(server, monkeypatch, b"3 3\n" + TEXT, zip_=False)
    assert_right_rows(named_vectors(NAME, WORDS, tmp_path))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (zipped(**{"other.txt": TEXT}), "holds 1 files: other.txt"),
        (zipped(**{f"folder/{FILE}": TEXT}), "holds 1 files"),
        (zipped(**{FILE: TEXT})[:-40], "damaged or cut off"),
        (zipped(**{FILE: TEXT + b"cut 1 2\n"}), "line 4: 2 numbers, expected 3"),
        (zipped(**{FILE: b""}), "holds no vectors"),
        (b"no archive", "damaged or cut off"),
    ],
)
def test_what_is_broken_says_what_to_delete(
    body: bytes,
    reason: str,
    server: FileServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    offer(server, monkeypatch, body)
    with pytest.raises(VectorsError, match=reason) as caught:
        named_vectors(NAME, WORDS, tmp_path)
    assert caught.value.hint == f"delete {tmp_path / 'tiny.zip'} to download it again"


def test_unknown_name_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(VectorsError, match=r"vectors\.name: no set 'glove\.6B\.51d'") as caught:
        named_vectors("glove.6B.51d", WORDS, tmp_path / "cache")
    for name in ("glove.6B.50d", "glove.840B.300d", "fasttext.en.300d"):
        assert name in caught.value.hint
    assert not (tmp_path / "cache").exists()


def test_the_names_are_those_of_torchtext() -> None:
    # its n-gram vectors are no word vectors, and their server has no https
    assert set(SETS) == set(torchtext.vocab.pretrained_aliases) - {"charngram.100d"}
    assert all(url.startswith("https://") for s in SETS.values() for url in s.download.urls)
    stanford = {Path(url).name for url in torchtext.vocab.GloVe.url.values()}
    files = {s.download.name for s in SETS.values()}
    assert stanford | {"wiki.en.vec", "wiki.simple.vec"} == files
