"""Downloads: checked, continued, whole or not there."""

from __future__ import annotations

import hashlib
import socket
from pathlib import Path

import pytest

from gru_sentiment.errors import VectorsError
from gru_sentiment.vectors.downloads import Download, fetch

from .file_server import FileServer

BODY = bytes(range(256)) * 20_000
PAGE = b"  <!DOCTYPE html><html><title>502 Bad Gateway</title></html>"


def known(*urls: str, body: bytes = BODY) -> Download:
    return Download("file.bin", urls, hashlib.sha256(body).hexdigest(), len(body))


def files_in(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.rglob("*") if p.is_file() and p.suffix != ".lock")


def test_downloaded_once(server: FileServer, tmp_path: Path) -> None:
    server.body = BODY
    for _ in range(2):
        path = fetch(known(server.url), tmp_path / "new" / "folder")
        assert path.read_bytes() == BODY
    assert server.requests == [("/file", None)]
    assert files_in(tmp_path) == ["file.bin"]


@pytest.mark.parametrize("ranges", [True, False])
def test_continued_where_it_stopped(server: FileServer, tmp_path: Path, ranges: bool) -> None:
    server.body, server.cut, server.ranges = BODY, 2_000_000, ranges
    with pytest.raises(VectorsError, match="the connection ended"):
        fetch(known(server.url), tmp_path)
    held = (tmp_path / "file.bin.part").stat().st_size
    assert 0 < held < len(BODY)
    server.cut = 0
    assert fetch(known(server.url), tmp_path).read_bytes() == BODY
    assert server.requests == [("/file", None), ("/file", f"bytes={held}-")]


def test_what_cannot_be_checked_is_not_continued(server: FileServer, tmp_path: Path) -> None:
    (tmp_path / "file.bin.part").write_bytes(b"of an older version")
    server.body = BODY
    assert fetch(Download("file.bin", (server.url,)), tmp_path).read_bytes() == BODY
    assert server.requests == [("/file", None)]


@pytest.mark.parametrize("left", [b"wrong beginning", BODY + b"too long"])
def test_a_wrong_beginning_is_thrown_away(server: FileServer, tmp_path: Path, left: bytes) -> None:
    (tmp_path / "file.bin.part").write_bytes(left)
    server.body = BODY
    try:
        fetch(known(server.url), tmp_path)
    except VectorsError as error:
        assert "SHA-256" in error.cause or "bytes, expected" in error.cause  # noqa: PT017
        assert files_in(tmp_path) == []
    assert fetch(known(server.url), tmp_path).read_bytes() == BODY


def test_mirrors_are_tried_in_turn(server: FileServer, mirror: FileServer, tmp_path: Path) -> None:
    server.status, mirror.body = 503, BODY
    assert fetch(known(server.url, mirror.url), tmp_path).read_bytes() == BODY
    assert len(server.requests) == len(mirror.requests) == 1


def test_a_mirror_continues_what_another_began(
    server: FileServer, mirror: FileServer, tmp_path: Path
) -> None:
    server.body, server.cut, mirror.body = BODY, 2_000_000, BODY
    assert fetch(known(server.url, mirror.url), tmp_path).read_bytes() == BODY
    assert mirror.requests[0][1] is not None


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ((PAGE, "application/zip", 200), "a web page"),
        ((BODY, "text/html; charset=utf-8", 200), "a web page"),
        ((b"", "application/zip", 200), "0 bytes, expected 5,120,000"),
        ((BODY[:-1] + b"x", "application/zip", 200), "SHA-256 .*, expected"),
        ((BODY + b"x", "application/zip", 200), "bytes, expected 5,120,000"),
        ((PAGE, "text/html", 404), "404: Not Found"),
    ],
)
def test_what_is_not_the_file_leaves_nothing(
    server: FileServer, tmp_path: Path, answer: tuple[bytes, str, int], reason: str
) -> None:
    server.body, server.kind, server.status = answer
    with pytest.raises(VectorsError, match=reason) as caught:
        fetch(known(server.url), tmp_path)
    assert server.url in caught.value.cause
    assert str(tmp_path / "file.bin") in caught.value.hint
    assert [n for n in files_in(tmp_path) if not n.endswith(".part")] == []
    server.body, server.kind, server.status = BODY, "application/zip", 200
    assert fetch(known(server.url), tmp_path).read_bytes() == BODY


def test_all_places_that_failed_are_named(server: FileServer, tmp_path: Path) -> None:
    server.close()
    with pytest.raises(VectorsError, match=r"[Rr]efused") as caught:
        fetch(known(server.url, server.url + "2"), tmp_path)
    assert caught.value.cause.count(server.url) == 2


def test_https_alone(tmp_path: Path, online: None) -> None:
    with pytest.raises(VectorsError, match=r"http://example\.org/file: not https"):
        fetch(known("http://example.org/file"), tmp_path)


def test_no_redirection_away_from_https(server: FileServer, tmp_path: Path) -> None:
    server.location = "file:///etc/hostname"
    with pytest.raises(VectorsError):
        fetch(known(server.url), tmp_path)
    assert files_in(tmp_path) == []


def test_certificates_are_checked(tmp_path: Path, online: None) -> None:
    server = FileServer(tls=True)
    try:
        server.body = BODY
        with pytest.raises(VectorsError, match=r"CERTIFICATE_VERIFY_FAILED|self.signed"):
            fetch(known(server.url), tmp_path)
    finally:
        server.close()


def test_offline_opens_no_socket(
    server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    with pytest.raises(VectorsError, match="--offline opens no connection"):
        fetch(known(server.url), tmp_path, offline=True)
    (tmp_path / "file.bin").write_bytes(b"there already")
    assert fetch(known(server.url), tmp_path, offline=True).read_bytes() == b"there already"


def test_a_folder_that_cannot_be_written(server: FileServer, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    server.body = BODY
    with pytest.raises(VectorsError, match="cannot be written") as caught:
        fetch(known(server.url), tmp_path / "file" / "below")
    assert "GRU_SENT_CACHE" in caught.value.hint
