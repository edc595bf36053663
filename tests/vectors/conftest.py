from __future__ import annotations

from collections.abc import Iterator

import pytest

from .file_server import FileServer


@pytest.fixture
def online(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections are allowed, to this machine."""
    for name in ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def server(online: None) -> Iterator[FileServer]:
    running = FileServer()
    yield running
    running.close()


@pytest.fixture
def mirror(online: None) -> Iterator[FileServer]:
    running = FileServer()
    yield running
    running.close()
