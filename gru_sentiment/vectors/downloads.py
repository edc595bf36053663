"""Downloads of files that are checked, resumed, and either complete or not there."""

from __future__ import annotations

import hashlib
import http.client
import logging
import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from filelock import FileLock

from gru_sentiment.errors import VectorsError

logger = logging.getLogger(__name__)

TIMEOUT_S = 30
PIECE = 1 << 20
PARTIAL_SUFFIX, LOCK_SUFFIX = ".part", ".lock"
WEB_PAGE = (b"<!doctype", b"<html", b"<?xml")
LOCAL = {"127.0.0.1", "localhost", "::1"}
"""Hosts that may be asked without https."""


@dataclass(frozen=True)
class Download:
    """A file, the URLs that offer it, and how it is recognised."""

    name: str
    urls: tuple[str, ...]
    """Tried in this order."""
    sha256: str | None = None
    n_bytes: int | None = None


class _UnusableError(Exception):
    """A server sent something else than the file."""


def fetch(download: Download, folder: Path, *, offline: bool = False) -> Path:
    """The path of the file in `folder`, downloaded from the first URL that offers it.

    A download that was interrupted is resumed where the file's SHA-256 is known. A file appears
    under its name only when it is complete and its SHA-256 is right.

    Raises:
        VectorsError: no URL offers it, the folder cannot be written, or the file is not there and
            `offline` forbids a connection.
    """
    target = folder / download.name
    if target.is_file():
        return target
    if offline:
        raise VectorsError(
            f"{download.name} is not in {folder}, and --offline opens no connection",
            hint="run once without --offline (and without HF_HUB_OFFLINE), or put the file there",
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(target.with_name(target.name + LOCK_SUFFIX)):
            if not target.is_file():  # another process may have been faster
                _fetch_from_any(download, target)
    except OSError as error:
        raise VectorsError(
            f"{target}: cannot be written: {error.strerror or error}",
            hint="set GRU_SENT_CACHE to a folder that can, with enough space",
        ) from error
    return target


def _fetch_from_any(download: Download, target: Path) -> None:
    failures = []
    for url in download.urls:
        try:
            _fetch_from(url, download, target)
        except _UnusableError as error:
            failures.append(f"{url}: {error}")
            logger.info("%s", failures[-1])
        else:
            return
    raise VectorsError(
        "\n".join([f"{download.name} cannot be downloaded", *failures]),
        hint=f"check the connection, or download it yourself to {target}",
    )


def _fetch_from(url: str, download: Download, target: Path) -> None:
    partial = target.with_name(target.name + PARTIAL_SUFFIX)
    if download.sha256 is None:
        partial.unlink(missing_ok=True)  # a file that cannot be checked is not resumed
    held = partial.stat().st_size if partial.exists() else 0
    logger.info("downloading %s%s", url, f", resuming at {held:,} bytes" if held else "")
    with _open(url, held) as response, partial.open("ab") as file:
        if held and response.status != http.client.PARTIAL_CONTENT:
            file.truncate(held := 0)
        length = response.headers.get("Content-Length")
        expected = held + int(length) if length else 0
        for piece in _pieces(response, first=held == 0):
            file.write(piece)
            if download.n_bytes and file.tell() > download.n_bytes:
                break
        size = file.tell()
        file.flush()
        os.fsync(file.fileno())
    if size < expected:
        raise _UnusableError(f"the connection ended after {size:,} of {expected:,} bytes")
    _check(partial, download)
    os.replace(partial, target)


def _open(url: str, start: int) -> http.client.HTTPResponse:
    _check_scheme(url)
    request = urllib.request.Request(url, headers={"User-Agent": "gru-sent"})
    if start:
        request.add_header("Range", f"bytes={start}-")
    try:
        response: http.client.HTTPResponse = urllib.request.urlopen(request, timeout=TIMEOUT_S)
    except urllib.error.HTTPError as error:
        if start and error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
            return _open(url, 0)  # the partial file is not a beginning of this one
        raise _UnusableError(str(error)) from error
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise _UnusableError(str(reason) or type(error).__name__) from error
    _check_scheme(response.geturl())  # a redirection may lead elsewhere
    if response.headers.get_content_type() == "text/html":
        raise _UnusableError("a web page, not the file")
    return response


def _check_scheme(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in LOCAL:
        raise _UnusableError("not https")


def _pieces(response: http.client.HTTPResponse, *, first: bool) -> Iterator[bytes]:
    while True:
        try:
            piece = response.read(PIECE)
        except (OSError, http.client.IncompleteRead) as error:
            raise _UnusableError(f"the connection ended: {error}") from error
        if not piece:
            return
        if first and piece.lstrip().lower().startswith(WEB_PAGE):
            raise _UnusableError("a web page, not the file")
        first = False
        yield piece


def _check(partial: Path, download: Download) -> None:
    """Compare size and SHA-256 with those that are known; a wrong file is deleted."""
    size = partial.stat().st_size
    with partial.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    problem = ""
    if download.n_bytes is not None and size != download.n_bytes:
        problem = f"{size:,} bytes, expected {download.n_bytes:,}"
    elif download.sha256 is not None and found != download.sha256:
        problem = f"SHA-256 {found[:12]}…, expected {download.sha256[:12]}…"
    if problem:
        partial.unlink()
        raise _UnusableError(problem)
