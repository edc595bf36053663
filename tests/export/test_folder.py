"""An export appears whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from gru_sentiment.errors import ArtifactError
from gru_sentiment.export.folder import FORMAT, SETTINGS, whole_folder

TARGET = Path("a/b/exported")


def write(path: Path, text: str, *, force: bool = False) -> None:
    with whole_folder(path, force=force) as folder:
        assert folder.parent == path.parent
        (folder / SETTINGS).write_text(f'{{"format": "{FORMAT}", "x": "{text}"}}', "utf-8")


def everything() -> set[str]:
    return {path.as_posix() for path in Path().rglob("*")}


def test_a_new_one_and_its_parents() -> None:
    write(TARGET, "new")
    assert everything() == {"a", "a/b", "a/b/exported", "a/b/exported/export.json"}


def test_one_that_exists_is_replaced_if_that_was_said() -> None:
    write(TARGET, "old")
    with pytest.raises(ArtifactError, match="exists already") as caught:
        write(TARGET, "new")
    assert "--force" in caught.value.hint
    assert "old" in (TARGET / SETTINGS).read_text("utf-8")
    write(TARGET, "new", force=True)
    assert "new" in (TARGET / SETTINGS).read_text("utf-8")
    assert len(everything()) == 4


@pytest.mark.parametrize("force", [False, True])
def test_nothing_is_left_of_one_that_fails(force: bool) -> None:
    def fail() -> None:
        with whole_folder(TARGET, force=force) as folder:
            (folder / "model").touch()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert everything() == set()
    write(TARGET, "old")
    if force:
        with pytest.raises(KeyboardInterrupt):
            fail()
    assert len(everything()) == 4


@pytest.mark.parametrize("kind", ["folder", "file", "link", "dangling"])
def test_what_is_no_export_stays(kind: str) -> None:
    path, other = Path("taken"), Path("other")
    if kind == "folder":
        path.mkdir()
    elif kind == "file":
        path.touch()
    elif kind == "link":
        write(other, "old")
        path.symlink_to(other)
    else:
        path.symlink_to("nowhere")
    before = everything()
    with pytest.raises(ArtifactError, match="exists already"):
        write(path, "new")
    with pytest.raises(ArtifactError, match="is no export"):
        write(path, "new", force=True)
    assert everything() == before


def test_a_folder_that_the_disk_refuses() -> None:
    Path("file").touch()
    with pytest.raises(ArtifactError, match="file/below: cannot be written"):
        write(Path("file/below"), "new")
    with pytest.raises(ArtifactError, match="cannot be written"):
        write(Path("new") / ("x" * 300), "new")
    assert everything() == {"file"}
