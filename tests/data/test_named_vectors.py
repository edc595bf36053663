"""A small server on this machine stands for the ones that torchtext downloads from."""

from __future__ import annotations

import io
import ssl
import tarfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torchtext.vocab

from gru_sentiment.data.named_vectors import named_vectors
from gru_sentiment.data.vectors import WordVectors
from gru_sentiment.errors import VectorsError

NAME = "tiny.3d"
FILE = "tiny.3d.txt"
WORDS = ["<unk>", "<pad>", "film", "the", "missing"]
TEXT = b"the 0.5 -1.25 3e-05\nunwanted 9 9 9\nfilm 4 5 6\n"
PAGE = (
    b"<!DOCTYPE html>\n<html>\n<title>502 Bad Gateway</title>\n<p>Try it again later</p></html>\n"
)
SHORT_PAGE = b"<html>\n<head>\n</head>\n</html>\n"


def zipped(text: bytes, member: str = FILE, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        archive.writestr(member, text)
    return buffer.getvalue()


def tarred(text: bytes, member: str = FILE) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        info = tarfile.TarInfo(member)
        info.size = len(text)
        archive.addfile(info, io.BytesIO(text))
    return buffer.getvalue()


def damaged(archive: bytes, position: int) -> bytes:
    return archive[:position] + bytes([archive[position] ^ 0xFF]) + archive[position + 1 :]


class Server:
    """Answers every request with `body` and `status`, and counts the requests."""

    def __init__(self) -> None:
        self.body, self.status, self.requests, self.promised = b"", 200, 0, 0
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                owner.requests += 1
                self.send_response(owner.status)
                self.send_header("Content-Length", str(len(owner.body) + owner.promised))
                self.end_headers()
                self.wfile.write(owner.body)

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self) -> None:
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    running = Server()
    yield running
    running.close()


@pytest.fixture
def offer(server: Server, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let the server offer `body` as what torchtext downloads for the set NAME."""

    def offered(body: bytes, kind: str = "zip", *, status: int = 200, promised: int = 0) -> None:
        server.body, server.status, server.promised = body, status, promised
        url = f"{server.url}/{FILE if kind == 'txt' else f'tiny.{kind}'}"
        known = partial(torchtext.vocab.Vectors, name=FILE, url=url)
        monkeypatch.setitem(torchtext.vocab.pretrained_aliases, NAME, known)

    return offered


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def assert_right_rows(vectors: WordVectors) -> None:
    assert vectors.found.tolist() == [False, False, True, True, False]
    np.testing.assert_array_equal(vectors.matrix[2], np.float32([4, 5, 6]))
    np.testing.assert_array_equal(vectors.matrix[3], np.float32([0.5, -1.25, 3e-05]))
    assert (vectors.dimension, vectors.origin) == (3, NAME)
    assert vectors.matrix.dtype == np.float32


@pytest.mark.parametrize(
    ("body", "kind"), [(zipped(TEXT), "zip"), (TEXT, "txt"), (tarred(TEXT), "tar.gz")]
)
def test_downloaded_once_then_cached(
    body: bytes, kind: str, server: Server, offer: Callable[..., None], tmp_path: Path
) -> None:
    offer(body, kind)
    assert_right_rows(named_vectors(NAME, WORDS, tmp_path / "new" / "cache"))
    assert server.requests == 1
    assert any(name.endswith(".pt") for name in files_in(tmp_path))
    server.close()
    assert_right_rows(named_vectors(NAME, WORDS, tmp_path / "new" / "cache"))
    assert server.requests == 1


BROKEN: dict[str, tuple[bytes, str, dict[str, int]]] = {
    "page in place of a zip": (PAGE, "zip", {}),
    "page in place of a tar": (PAGE, "tar.gz", {}),
    "page in place of a text": (PAGE, "txt", {}),
    "page of short lines in place of a text": (SHORT_PAGE, "txt", {}),
    "nothing in place of a zip": (b"", "zip", {}),
    "nothing in place of a text": (b"", "txt", {}),
    "404": (PAGE, "zip", {"status": 404}),
    "503": (PAGE, "txt", {"status": 503}),
    "connection lost": (zipped(TEXT), "zip", {"promised": 1_000}),
    "zip cut off": (zipped(TEXT)[:-40], "zip", {}),
    "zip damaged": (damaged(zipped(TEXT * 500), 60), "zip", {}),
    "zip with a wrong checksum": (damaged(zipped(TEXT, method=zipfile.ZIP_STORED), 45), "zip", {}),
    "tar cut off": (tarred(TEXT * 50)[:60], "tar.gz", {}),
    "other file in the zip": (zipped(TEXT, "other.txt"), "zip", {}),
    "file in a folder of the zip": (zipped(TEXT, f"folder/{FILE}"), "zip", {}),
    "lines of uneven length": (zipped(TEXT + b"cut 1 2\n"), "zip", {}),
    "words in place of numbers": (zipped(TEXT + b"x one two three\n"), "zip", {}),
}


@pytest.mark.parametrize(("body", "kind", "answer"), BROKEN.values(), ids=BROKEN)
def test_what_is_broken_leaves_nothing_behind(
    body: bytes,
    kind: str,
    answer: dict[str, int],
    offer: Callable[..., None],
    tmp_path: Path,
) -> None:
    (tmp_path / "another.pt").write_bytes(b"of another set")
    offer(body, kind, **answer)
    with pytest.raises(VectorsError, match=rf"vectors\.name {NAME}: ") as caught:
        named_vectors(NAME, WORDS, tmp_path)
    assert "connection" in caught.value.hint
    assert files_in(tmp_path) == ["another.pt"]

    offer({"zip": zipped, "tar.gz": tarred, "txt": lambda text: text}[kind](TEXT), kind)
    assert_right_rows(named_vectors(NAME, WORDS, tmp_path))
    assert (tmp_path / "another.pt").read_bytes() == b"of another set"


def test_the_message_gives_the_reason(offer: Callable[..., None], tmp_path: Path) -> None:
    offer(PAGE, status=404)
    with pytest.raises(VectorsError, match="Not Found"):
        named_vectors(NAME, WORDS, tmp_path)
    offer(PAGE)
    with pytest.raises(VectorsError, match="not a zip file"):
        named_vectors(NAME, WORDS, tmp_path)


def test_refused_connection(server: Server, offer: Callable[..., None], tmp_path: Path) -> None:
    offer(zipped(TEXT))
    server.close()
    with pytest.raises(VectorsError, match=r"[Rr]efused") as caught:
        named_vectors(NAME, WORDS, tmp_path)
    assert "vectors.source package or file" in caught.value.hint
    assert files_in(tmp_path) == []


def test_an_interruption_leaves_nothing_behind(
    offer: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half_unpacked(archive: zipfile.ZipFile, folder: str) -> None:
        (Path(folder) / FILE).write_bytes(TEXT[:20])
        raise KeyboardInterrupt

    offer(zipped(TEXT))
    with monkeypatch.context() as patch:
        patch.setattr(zipfile.ZipFile, "extractall", half_unpacked)
        with pytest.raises(KeyboardInterrupt):
            named_vectors(NAME, WORDS, tmp_path)
    assert files_in(tmp_path) == []
    assert_right_rows(named_vectors(NAME, WORDS, tmp_path))


@pytest.mark.parametrize("content", [b"", b"no vectors", None], ids=["empty", "other", "cut off"])
def test_a_damaged_cache(
    content: bytes | None, server: Server, offer: Callable[..., None], tmp_path: Path
) -> None:
    offer(zipped(TEXT))
    named_vectors(NAME, WORDS, tmp_path)
    (cached,) = tmp_path.rglob("*.pt")
    cached.write_bytes(cached.read_bytes()[:-100] if content is None else content)
    with pytest.raises(VectorsError, match=rf"vectors\.name {NAME}: "):
        named_vectors(NAME, WORDS, tmp_path)


def test_a_cache_that_cannot_be_written(offer: Callable[..., None], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    offer(zipped(TEXT))
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(VectorsError, match=r"File exists|Not a directory"):
            named_vectors(NAME, WORDS, folder)


def test_unknown_name_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(VectorsError, match=r"vectors\.name: no set 'glove\.6B\.51d'") as caught:
        named_vectors("glove.6B.51d", WORDS, tmp_path / "cache")
    for name in ("glove.6B.50d", "glove.840B.300d", "fasttext.en.300d"):
        assert name in caught.value.hint
    assert not (tmp_path / "cache").exists()


# --- certificates ---


@pytest.mark.parametrize("works", [True, False])
def test_certificates_are_checked_afterwards(
    works: bool, offer: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ssl, "_create_default_https_context", partial(ssl.create_default_context))
    before = ssl._create_default_https_context, ssl._create_unverified_context
    offer(zipped(TEXT) if works else PAGE)
    if works:
        named_vectors(NAME, WORDS, tmp_path)
    else:
        with pytest.raises(VectorsError):
            named_vectors(NAME, WORDS, tmp_path)
    assert (ssl._create_default_https_context, ssl._create_unverified_context) == before
    context = ssl._create_default_https_context()
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


def test_certificates_are_checked_meanwhile(
    offer: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    used = SimpleNamespace(context=None)

    def download(url: str, path: str, **options: object) -> None:
        used.context = ssl._create_default_https_context()
        Path(path).write_bytes(zipped(TEXT))

    offer(b"")
    monkeypatch.setattr(torchtext.vocab, "urlretrieve", download)
    assert_right_rows(named_vectors(NAME, WORDS, tmp_path))
    assert used.context is not None
    assert used.context.verify_mode == ssl.CERT_REQUIRED
    assert used.context.check_hostname
