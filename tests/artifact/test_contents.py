"""What a folder holds is what it says it holds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gru_sentiment.artifact.contents import check_complete, read_kind, read_object
from gru_sentiment.artifact.files import CONFIG, KIND, NEEDED
from gru_sentiment.errors import ArtifactError

from .runs import write_baseline, write_fusion, write_run


def test_kinds() -> None:
    assert read_kind(write_fusion()) == "fusion"
    assert read_kind(Path("runs/b")) == "baseline"
    assert read_kind(Path("runs/a")) == "net"
    Path("empty").mkdir()
    assert read_kind(Path("empty")) == "net"


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"3", b"[" * 100_000])
def test_what_says_nothing(content: bytes) -> None:
    path = write_run()
    (path / KIND).write_bytes(content)
    with pytest.raises(
        ArtifactError, match=r"^runs/a/kind\.json: (not valid JSON|expected a JSON)"
    ):
        read_kind(path)


def test_an_object_is_read_whole() -> None:
    path = write_baseline()
    assert read_object(path / KIND) == {"kind": "baseline", "model": "tfidf", "longest": 2}
    (path / KIND).write_text(json.dumps(["kind"]), "utf-8")
    with pytest.raises(ArtifactError, match="expected a JSON object"):
        read_object(path / KIND)


def test_all_missing_files_are_named_before_any_is_compared() -> None:
    path = write_run()
    (path / CONFIG).unlink()
    (path / NEEDED[1]).unlink()
    with pytest.raises(ArtifactError, match=f"{CONFIG}, {NEEDED[1]} missing"):
        check_complete(path, NEEDED)
    partial = path.rename("runs/a.partial")
    with pytest.raises(ArtifactError) as caught:
        check_complete(partial, NEEDED)
    assert caught.value.hint == "go on training it: gru-sent train --resume runs/a"
