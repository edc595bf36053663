"""Which file an output is, through links and redirections."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from gru_sentiment.machine.same_file import input_at, inputs_inside


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "in.csv"
    path.write_text("text\n")
    return path


@pytest.mark.parametrize("door", ["name", "symbolic", "hard", "through a folder", "/dev/fd"])
def test_every_door_leads_to_the_file(source: Path, tmp_path: Path, door: str) -> None:
    link = tmp_path / "link"
    with source.open() as stream:
        if door == "symbolic":
            link.symlink_to(source)
        elif door == "hard":
            link.hardlink_to(source)
        elif door == "through a folder":
            link.symlink_to(tmp_path)
        doors = {
            "name": Path(os.path.relpath(source)),
            "symbolic": link,
            "hard": link,
            "through a folder": link / source.name,
            "/dev/fd": Path(f"/dev/fd/{stream.fileno()}"),
        }
        assert input_at(doors[door], {"--input": [source]}) == "--input"
        assert input_at(source, {"--input": [doors[door]]}) == "--input"


def test_streams_are_the_files_that_they_are_redirected_to(source: Path) -> None:
    with source.open("rb") as reading, source.open("ab") as writing:
        assert input_at(source, {"the input": [reading]}) == "the input"
        assert input_at(writing, {"--data": [source]}) == "--data"
        assert input_at(writing, {"the input": [reading]}) == "the input"


def test_a_folder_stands_for_its_files(source: Path, tmp_path: Path) -> None:
    assert input_at(source, {"--config": [], "data.path": [tmp_path]}) == "data.path"
    assert input_at(source, {"data.path": [tmp_path / "other"]}) is None


def test_what_is_no_file_may_be_both(source: Path, tmp_path: Path) -> None:
    null = Path(os.devnull)
    reading, writing = os.pipe()
    with open(reading, "rb") as of_pipe, open(writing, "wb") as to_pipe:
        assert input_at(to_pipe, {"the input": [of_pipe, null]}) is None
    assert input_at(null, {"the input": [null]}) is None
    assert input_at(tmp_path / "new.csv", {"the input": [source, tmp_path / "new.csv"]}) is None
    assert input_at(Path("x" * 5_000), {"the input": [source]}) is None
    assert input_at(sys.stdin, {"the input": [source]}) is None


def test_inputs_in_a_folder(source: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    assert inputs_inside(tmp_path / "link", {"data.path": [source]}) == "data.path"
    assert inputs_inside(tmp_path, {"the current folder": [tmp_path]}) == "the current folder"
    assert inputs_inside(tmp_path / "run", {"data.path": [source, Path()]}) is None
