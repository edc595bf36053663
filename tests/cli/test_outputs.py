"""Files that a command writes: tried before, whole or not at all after."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gru_sentiment.cli.outputs import append_summary, check_outputs, write_outputs
from gru_sentiment.errors import ConfigError


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_trial_leaves_everything_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "old.json").write_text("old")
    check_outputs({"--json": tmp_path / "old.json", "--markdown": tmp_path / "new.md"}, {})
    assert names(tmp_path) == ["old.json"]
    assert (tmp_path / "old.json").read_text() == "old"


@pytest.mark.parametrize(
    ("name", "says"),
    [("no/such.json", "No such file or directory"), ("folder", "it is a folder")],
)
def test_a_place_that_cannot_be_written_to(tmp_path: Path, name: str, says: str) -> None:
    (tmp_path / "folder").mkdir()
    path = tmp_path / name
    with pytest.raises(ConfigError, match=f"^--json {path}: cannot be written: {says}"):
        check_outputs({"--json": path}, {})
    assert names(tmp_path) == ["folder"]


def test_two_outputs_in_one_file(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("a.txt")
    outputs = {"--json": tmp_path / "a.txt", "--markdown": tmp_path / "link"}
    with pytest.raises(ConfigError, match=r"--markdown .*link: is the path of --json too"):
        check_outputs(outputs, {})


def test_an_input_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "reviews.csv"
    path.write_text("text,label\n")
    with pytest.raises(ConfigError, match="is the path of --data too"):
        check_outputs({"--json": Path(os.path.relpath(path))}, {"--data": path})


def test_null_may_be_named_often_and_stays(tmp_path: Path) -> None:
    null = Path(os.devnull)
    check_outputs({"--json": null, "--markdown": null}, {})
    write_outputs({"--json": (null, "x"), "--markdown": (null, "y")})
    assert null.is_char_device()


def test_all_are_written(tmp_path: Path) -> None:
    (tmp_path / "old.json").write_text("old and longer")
    write_outputs(
        {"--json": (tmp_path / "old.json", "né"), "--markdown": (tmp_path / "new.md", "b")}
    )
    assert (tmp_path / "old.json").read_text("utf-8") == "né"
    assert names(tmp_path) == ["new.md", "old.json"]


def test_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "target.json").write_text("old")
    (tmp_path / "link.json").symlink_to("target.json")
    write_outputs({"--json": (tmp_path / "link.json", "new")})
    assert (tmp_path / "link.json").is_symlink()
    assert (tmp_path / "target.json").read_text() == "new"


def test_none_is_written_where_one_fails(tmp_path: Path) -> None:
    (tmp_path / "old.json").write_text("old")
    outputs = {
        "--json": (tmp_path / "old.json", "new"),
        "--predictions": (tmp_path / "gone" / "p.jsonl", "x"),
    }
    with pytest.raises(ConfigError, match=r"^--predictions .*cannot be written"):
        write_outputs(outputs)
    assert names(tmp_path) == ["old.json"]
    assert (tmp_path / "old.json").read_text() == "old"


def test_summaries_follow_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    append_summary("nobody wants this")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    append_summary("one\n")
    append_summary("two\n")
    assert (tmp_path / "summary.md").read_text() == "one\ntwo\n"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path))
    with pytest.raises(ConfigError, match=r"^GITHUB_STEP_SUMMARY .*cannot be written"):
        append_summary("three\n")
