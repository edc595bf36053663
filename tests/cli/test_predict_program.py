"""The real program on files and streams: memory, pipes, and jobs that die and go on."""

from __future__ import annotations

import csv
import json
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from conftest import write_tiny

from .programs import LIMIT_S, PROGRAM, environment, gru_sent, started

pytestmark = pytest.mark.slow

SHORT = ["a great film", "awful", "", "the plot was dull", "what a touching story, loved it!"]
MEASURED = """\
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:]).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)
"""
"""A program's largest process, in KiB, on the last line."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a trained run, the latest, and rows that hold newlines and quotes.

    So many of them that they make several chunks and are tokenised by two processes.
    """
    folder = tmp_path_factory.mktemp("predict")
    write_tiny(folder)
    done = gru_sent(folder, "train", "--config", "tiny.yaml", "--quiet")
    assert done.returncode == 0, done.stderr
    generator = random.Random(0)
    rows = [
        {"id": i, "text": '\n"and" '.join(generator.choices(SHORT, k=generator.randint(1, 60)))}
        for i in range(6_000)
    ]
    (folder / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    with (folder / "in.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["id", "text"])
        writer.writeheader()
        writer.writerows(rows)
    return folder


def test_answers_come_while_the_input_is_open(folder: Path) -> None:
    options = {"stdin": subprocess.PIPE, "bufsize": 1}
    with started(folder, "predict", "--input", "-", "--unbuffered", "-q", **options) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for i, text in enumerate(SHORT, 1):
            process.stdin.write(f"{text}\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["row"] == i
        process.stdin.close()
        assert process.stdout.read() == ""
    assert process.returncode == 0


@pytest.mark.parametrize("options", [[], ["--unbuffered"]])
def test_a_reader_that_leaves_ends_the_job_quietly(folder: Path, options: list[str]) -> None:
    command = '"$0" predict --input in.jsonl "$@" | head -1; echo "${PIPESTATUS[0]}"'
    done = subprocess.run(
        ["bash", "-c", command, PROGRAM, *options],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    row, code = done.stdout.splitlines()
    assert (json.loads(row)["row"], code, done.stderr) == (1, "0", "")


@pytest.mark.parametrize("job", [["in.jsonl"], ["in.csv", "--keep-columns"]], ids=str)
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_a_job_that_dies_goes_on(folder: Path, job: list[str], number: int, code: int) -> None:
    whole, out = folder / f"whole-{job[0]}", folder / f"out-{job[0]}"
    command = ["predict", "--input", *job, "--output"]
    if not whole.exists():
        assert gru_sent(folder, *command, whole).returncode == 0
    command.append(str(out))
    with started(folder, *command) as process:
        until = time.monotonic() + LIMIT_S
        while not (out.exists() and out.stat().st_size > 1000) and time.monotonic() < until:
            time.sleep(0.005)
        process.send_signal(number)
        _, errors = process.communicate(timeout=LIMIT_S)
    assert process.returncode == code
    assert "Traceback" not in errors
    assert_nobody_is_left(process.pid)
    if number == signal.SIGINT:
        assert "add --resume to the command to continue" in errors
    assert 0 < out.stat().st_size < whole.stat().st_size
    done = gru_sent(folder, *command, "--resume")
    assert done.returncode == 0, done.stderr
    assert "of the interrupted job" in done.stderr
    assert out.read_bytes() == whole.read_bytes()
    out.unlink()


def assert_nobody_is_left(group: int) -> None:
    """The processes that tokenised have ended too."""
    until = time.monotonic() + LIMIT_S
    with suppress(ProcessLookupError):
        while time.monotonic() < until:
            os.killpg(group, 0)
            time.sleep(0.01)
        pytest.fail("a process of the job is still there")


def test_a_million_lines_in_less_than_a_gibibyte(folder: Path) -> None:
    generator = random.Random(0)
    lines = (f"{generator.choice(SHORT)} n{i}\n" for i in range(1_000_000))
    (folder / "million.txt").write_text("".join(lines), "utf-8")
    job = ["predict", "--input", "million.txt", "--output", "million.jsonl"]
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, PROGRAM, *job, "--quiet"],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert int(done.stdout) < 1 << 20
    with (folder / "million.jsonl").open("rb") as answers:
        assert sum(1 for _ in answers) == 1_000_000
