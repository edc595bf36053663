"""Word vectors by name, from a server on this machine."""

from __future__ import annotations

import hashlib
import io
import zipfile
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from torchtext.vocab import FastText, GloVe, pretrained_aliases

from gru_sentiment.errors import VectorsError
from gru_sentiment.vectors import named
from gru_sentiment.vectors.named import named_sets, named_vectors
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
    """Let the server offer the set NAME, and torchtext's table name it."""
    server.body = body
    folder = server.url.rpartition("/")[0]
    if zip_:
        file, alias = "tiny.zip", partial(GloVe, name="tiny", dim="3")
        monkeypatch.setitem(GloVe.url, "tiny", f"{folder}/{file}")
    else:
        file, alias = "wiki.tiny.vec", partial(FastText, language="tiny")
        monkeypatch.setattr(FastText, "url_base", folder + "/wiki.{}.vec")
        monkeypatch.setattr(named, "FASTTEXT_DIMENSION", 3)
    monkeypatch.setitem(pretrained_aliases, NAME, alias)
    monkeypatch.setitem(named.SHA256, file, hashlib.sha256(body).hexdigest())


def rows_of(folder: Path, name: str = NAME, dimension: int | None = None) -> WordVectors:
    return named_vectors(name, WORDS, folder, dimension=dimension, offline=False)


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
        assert_right_rows(rows_of(tmp_path))
    assert len(server.requests) == 1
    # nothing is unpacked
    assert {path.suffix for path in tmp_path.iterdir()} <= {".zip", ".lock"}


def test_a_text_file(server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    offer(server, monkeypatch, b"3 3\n" + TEXT, zip_=False)
    assert_right_rows(rows_of(tmp_path))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (zipped(**{"other.txt": TEXT}), "holds 1 files: other.txt"),
        (zipped(**{f"folder/{FILE}": TEXT}), "holds 1 files"),
        (zipped(**{FILE: TEXT})[:-40], "damaged or cut off"),
        (zipped(**{FILE: TEXT + b"cut 1 2\n"}), "line 4: 2 numbers, expected 3"),
        (zipped(**{FILE: b""}), "holds no vectors"),
        (zipped(**{FILE: b"the 1 2\n"}), "2 numbers a word, not 3"),
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
        rows_of(tmp_path)
    assert caught.value.hint == f"delete {tmp_path / 'tiny.zip'} to download it again"


def test_unknown_name_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(VectorsError, match=r"vectors\.name: no set 'glove\.6B\.51d'") as caught:
        rows_of(tmp_path / "cache", "glove.6B.51d")
    for name in ("glove.6B.50d", "glove.840B.300d", "fasttext.en.300d"):
        assert name in caught.value.hint
    assert not (tmp_path / "cache").exists()


def test_another_dimension_is_refused_before_the_download(
    server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(server, monkeypatch, zipped(**{FILE: TEXT}))
    with pytest.raises(VectorsError, match=rf"vectors\.dimension is 50, {NAME} has 3"):
        rows_of(tmp_path, dimension=50)
    assert server.requests == []
    assert_right_rows(rows_of(tmp_path, dimension=3))


def test_offline_reads_what_is_there_alone(
    server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(server, monkeypatch, zipped(**{FILE: TEXT}))
    with pytest.raises(VectorsError, match="--offline opens no connection"):
        named_vectors(NAME, WORDS, tmp_path, dimension=None, offline=True)
    assert server.requests == []
    (tmp_path / "tiny.zip").write_bytes(server.body)
    assert_right_rows(named_vectors(NAME, WORDS, tmp_path, dimension=None, offline=True))
    assert server.requests == []


STANFORD = (
    "https://nlp.stanford.edu/data/",
    "https://downloads.cs.stanford.edu/nlp/data/",
    "https://huggingface.co/stanfordnlp/glove/resolve/main/",
)
FASTTEXT = ("https://dl.fbaipublicfiles.com/fasttext/vectors-wiki/",)
KNOWN_SETS = {
    **{
        f"glove.6B.{n}d": (STANFORD, "glove.6B.zip", f"glove.6B.{n}d.txt", n, "617afb2fe6cb")
        for n in (50, 100, 200, 300)
    },
    **{
        f"glove.twitter.27B.{n}d": (
            (STANFORD, "glove.twitter.27B.zip", f"glove.twitter.27B.{n}d.txt", n, "792af52f795d")
        )
        for n in (25, 50, 100, 200)
    },
    "glove.42B.300d": (STANFORD, "glove.42B.300d.zip", "glove.42B.300d.txt", 300, "03d5d7fa28e5"),
    "glove.840B.300d": (
        (STANFORD, "glove.840B.300d.zip", "glove.840B.300d.txt", 300, "c06db255e650")
    ),
    "fasttext.en.300d": (FASTTEXT, "wiki.en.vec", None, 300, "ba5420ac217f"),
    "fasttext.simple.300d": (FASTTEXT, "wiki.simple.vec", None, 300, None),
}
"""Where each set was found before torchtext's table was read: folders, file, member, dimension and
the beginning of the SHA-256."""


def test_the_table_of_torchtext_holds_every_known_set() -> None:
    assert {
        name: (
            tuple(url.removesuffix(known.download.name) for url in known.download.urls),
            known.download.name,
            known.member,
            known.dimension,
            known.download.sha256 and known.download.sha256[:12],
        )
        for name, known in named_sets().items()
    } == KNOWN_SETS
    assert named_sets()["glove.6B.50d"].download.n_bytes == 862_182_613
