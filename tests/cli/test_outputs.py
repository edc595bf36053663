"""Files that a command writes: tried before, whole or not at all after."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from gru_sentiment.cli.app import app
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
        check_outputs({"--json": Path(os.path.relpath(path))}, {"--data": [path]})


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


# inputs as outputs, command by command


def of_run(run: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in run.rglob("*") if path.is_file()}


@pytest.mark.parametrize("option", ["--json", "--predictions", "--junit-xml", "--markdown"])
@pytest.mark.parametrize("name", ["config.yaml", "model.safetensors", "metrics.json"])
def test_evaluate_writes_over_no_file_of_the_run(
    gru_sent: Callable[..., Result], run: Path, option: str, name: str
) -> None:
    before = of_run(run)
    Path("link").hardlink_to(run / name)
    for path in (run / name, Path("link")):
        result = gru_sent("evaluate", run, option, path)
        assert result.exit_code == 2
        assert f"error: {option} {path}: is the path of the run {run} too\n" in result.stderr
    assert of_run(run) == before


def test_evaluate_writes_over_nothing_else_that_it_reads(
    gru_sent: Callable[..., Result], run: Path, reviews_csv: Path
) -> None:
    before = reviews_csv.read_bytes()
    Path("old.jsonl").write_text("{}\n")
    for arguments, name in [
        (["--json", "reviews.csv"], f"data.path {reviews_csv}"),
        (["--data", "reviews.csv", "--json", "reviews.csv"], "--data"),
        (["--against", "old.jsonl", "--predictions", "old.jsonl"], "--against"),
        (["--suite", "old.jsonl", "--json", "old.jsonl"], "--suite"),
    ]:
        result = gru_sent("evaluate", run, *arguments)
        assert result.exit_code == 2
        assert f"{arguments[-1]}: is the path of {name} too" in result.stderr
    assert reviews_csv.read_bytes() == before
    assert Path("old.jsonl").read_text() == "{}\n"


def test_results_may_lie_in_the_run_and_be_replaced(
    gru_sent: Callable[..., Result], run: Path
) -> None:
    for _ in range(2):
        assert gru_sent("evaluate", run, "--json", run / "mine.json").exit_code == 0


@pytest.mark.parametrize("name", ["config.yaml", "model.safetensors"])
def test_predict_writes_over_no_file_of_the_run(
    gru_sent: Callable[..., Result], run: Path, name: str
) -> None:
    before = of_run(run)
    Path("in.txt").write_text("great\n")
    for given in (["--run", run], []):
        result = gru_sent("predict", "-i", "in.txt", "-o", run / name, "--force", *given)
        assert result.exit_code == 2
        assert f"{run / name}: is a file of the run" in result.stderr
    assert of_run(run) == before


@pytest.mark.parametrize("command", ["train", "baseline", "pretrain"])
def test_a_folder_that_holds_an_input_is_not_replaced(
    gru_sent: Callable[..., Result], run: Path, tiny_config: Path, tmp_path: Path, command: str
) -> None:
    (run / "own.csv").write_bytes((tmp_path / "reviews.csv").read_bytes())
    before = of_run(run)
    own = run / "config.yaml"
    for arguments, name in [
        (["-c", own], "--config"),
        (["-c", tiny_config, "--set", f"data.path={run}/own.csv"], f"data.path {run.absolute()}"),
        (
            ["-c", tiny_config, "--set", f"model.initialize_from={run}"],
            f"model.initialize_from {run.absolute()}",
        ),
    ]:
        result = gru_sent(command, *arguments, "--output", run, "--force")
        assert result.exit_code == 2
        assert f"/tiny: would be replaced, and {name}" in result.stderr
    assert of_run(run) == before


def test_the_current_folder_is_not_replaced(
    gru_sent: Callable[..., Result], run: Path, tiny_config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = of_run(run)
    monkeypatch.chdir(run)
    result = gru_sent("train", "-c", tiny_config, "--output", ".", "--force")
    assert result.exit_code == 2
    assert ": would be replaced, and the current folder lies there" in result.stderr
    assert of_run(Path.cwd()) == {str(Path.cwd() / Path(p).name): b for p, b in before.items()}


def test_runs_that_are_read_are_not_replaced(gru_sent: Callable[..., Result], run: Path) -> None:
    shutil.copytree(run, "other")
    before = of_run(run)
    for arguments in (["fuse", run, "other"], ["reproduce", run]):
        result = gru_sent(*arguments, "--output", run, "--force")
        assert result.exit_code == 2
        assert f"--output {run}: would be replaced, and the run {run} lies there" in result.stderr
    assert of_run(run) == before


@pytest.mark.parametrize(
    ("arguments", "target"),
    [
        (["config", "show", "tiny.yaml"], "tiny.yaml"),
        (["config", "check", "tiny.yaml"], "tiny.yaml"),
        (["data", "check", "-c", "tiny.yaml"], "reviews.csv"),
        (["train", "-c", "tiny.yaml"], "reviews.csv"),
        (["baseline", "-c", "tiny.yaml"], "tiny.yaml"),
        (["evaluate"], "runs/tiny/metrics.json"),
        (["evaluate", "--data", "reviews.csv"], "reviews.csv"),
        (["runs"], "runs/tiny/metrics.json"),
        (["compare", "runs/tiny", "runs/tiny"], "runs/tiny/metadata.json"),
        (["fuse", "runs/tiny", "runs/tiny"], "runs/tiny/config.yaml"),
        (["reproduce", "runs/tiny"], "runs/tiny/config.yaml"),
        (["predict", "-i", "reviews.csv"], "reviews.csv"),
    ],
)
def test_nothing_is_printed_into_an_input(
    run: Path,
    arguments: list[str],
    target: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = Path(target).read_bytes()
    with Path(target).open("a", encoding="utf-8") as output:
        monkeypatch.setattr(sys, "stdout", output)
        monkeypatch.setattr(sys, "argv", ["gru-sent", *arguments])
        with pytest.raises(SystemExit) as ended:
            app()
    assert ended.value.code == 2
    assert "the standard output: is " in capsys.readouterr().err
    assert Path(target).read_bytes() == before


@pytest.mark.parametrize("door", ["in.csv", "hard", "symbolic", "/dev/stdin"])
def test_a_redirected_input_is_not_written_over(
    run: Path, door: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = "text\n" + "great\n" * 100
    Path("in.csv").write_text(rows)
    Path("hard").hardlink_to("in.csv")
    Path("symbolic").symlink_to("in.csv")
    saved = os.dup(0)
    with Path("in.csv").open() as source:
        os.dup2(source.fileno(), 0)
        monkeypatch.setattr(sys, "stdin", source)
        options = ["--format", "csv", "--output-format", "csv", "--force", "--output", door]
        monkeypatch.setattr(sys, "argv", ["gru-sent", "predict", "--input", "-", *options])
        with pytest.raises(SystemExit) as ended:
            app()
    os.dup2(saved, 0)
    os.close(saved)
    assert ended.value.code == 2
    assert f"error: {door}: is the input\n" in capsys.readouterr().err
    assert Path("in.csv").read_text() == rows
