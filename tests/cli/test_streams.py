"""Standard streams that are closed, full or read by nobody, and output of any encoding."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import pytest
import yaml

from gru_sentiment.cli.streams import _Messages, _Output, _Reports, can_show, print_json
from gru_sentiment.errors import OutputError

from .programs import environment

PROGRAM = [sys.executable, "-c", "from gru_sentiment.cli.app import main; main()"]
FULL = Path("/dev/full")
NO_SPACE = "error: the output cannot be written: No space left on device\n"
CLOSED = "error: the output cannot be written: it is closed\n"


def shell(command: str, *arguments: object, **variables: str) -> subprocess.CompletedProcess[str]:
    """A command line of bash in which `"$@"` is the program with these arguments."""
    return subprocess.run(
        ["bash", "-c", command, "bash", *PROGRAM, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=environment(**variables),
    )


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["--version"], ["config", "check", "tiny.yaml"], ["config", "schema"]],
)
def test_an_output_that_is_full(tiny_config: Path, arguments: list[str]) -> None:
    done = shell('"$@" > /dev/full', *arguments)
    assert (done.returncode, done.stderr) == (2, NO_SPACE)


def test_an_output_that_is_closed(tiny_config: Path) -> None:
    done = shell('"$@" >&-', "config", "check", "tiny.yaml")
    assert (done.returncode, done.stderr) == (2, CLOSED)


@pytest.mark.parametrize("redirection", ["2>&-", "2>/dev/full", "2> >(true)", "<&- 2>&-"])
def test_messages_that_cannot_be_written_change_nothing(
    tiny_config: Path, redirection: str
) -> None:
    done = shell(f'"$@" {redirection}', "config", "check", "tiny.yaml")
    assert (done.returncode, done.stdout) == (0, "tiny.yaml: valid\n")
    done = shell(f'"$@" {redirection}', "config", "check", "no.yaml")
    assert (done.returncode, done.stdout) == (2, "")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_what_an_encoding_cannot_show_is_escaped(tiny_config: Path, encoding: str) -> None:
    shown = shell(
        '"$@"', "config", "show", "tiny.yaml", "--set", "run.output=né好", PYTHONIOENCODING=encoding
    )
    assert shown.returncode == 0, shown.stderr
    output = yaml.safe_load(shown.stdout)["run"]["output"]
    assert Path(output).name == "né好"


# each of the streams, without a process


@contextmanager
def reports_to(descriptor: int, encoding: str = "utf-8") -> Iterator[TextIO]:
    raw = _Output(descriptor, "wb", closefd=False)
    yield _Reports(io.BufferedWriter(raw), encoding=encoding, errors="backslashreplace")


def test_a_report_that_nobody_reads_vanishes() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with reports_to(writing) as stream:
        for _ in range(2):
            print("x" * 100_000, file=stream, flush=True)
    os.close(writing)


def test_rows_that_nobody_reads_are_an_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with reports_to(writing) as stream:
        stream.buffer.write(b"row\n")
        with pytest.raises(BrokenPipeError):
            stream.buffer.flush()
        stream.flush()
    os.close(writing)


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
def test_after_an_error_nothing_is_written_twice() -> None:
    descriptor = os.open(FULL, os.O_WRONLY)
    with reports_to(descriptor) as stream:
        with pytest.raises(OutputError, match="cannot be written: No space left on device"):
            print("report", file=stream, flush=True)
        stream.flush()
    os.close(descriptor)


def test_messages_go_where_they_can(tmp_path: Path) -> None:
    closed = os.open(os.devnull, os.O_RDONLY)
    assert _Messages(closed, "wb", closefd=False).write(b"lost") == 4
    os.close(closed)
    with (tmp_path / "log").open("wb") as file:
        assert _Messages(file.fileno(), "wb", closefd=False).write(b"kept") == 4
    assert (tmp_path / "log").read_bytes() == b"kept"


@pytest.mark.parametrize(
    ("encoding", "text"),
    [("utf-8", '["é好"]'), ("latin-1", r'["\u00e9\u597d"]'), ("ascii", r'["\u00e9\u597d"]')],
)
def test_json_stays_json(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, encoding: str, text: str
) -> None:
    with (tmp_path / "out").open("w", encoding=encoding) as file:
        monkeypatch.setattr(sys, "stdout", file)
        print_json(["é好"])
    written = (tmp_path / "out").read_text(encoding)
    assert written == text + "\n"
    assert json.loads(written) == ["é好"]


def test_half_a_surrogate_pair_is_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    assert not can_show("\udcff")
    print_json("\udcff")
    assert capsys.readouterr().out == '"\\udcff"\n'
