"""The real program in processes of its own: real reviews, signals, a full disk, a terminal."""

from __future__ import annotations

import fcntl
import json
import os
import random
import re
import resource
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from .programs import LIMIT_S, PROGRAM, environment, gru_sent, started

pytestmark = pytest.mark.slow

SMOKE = Path(__file__).parents[2] / "configs" / "smoke.yaml"

SMALL = """\
data: {{source: files, path: reviews.csv, validation_size: 100, test_size: 100}}
text: {{max_tokens: 20, head_tokens: 10}}
vectors: {{source: none, dimension: 8}}
model: {{cell: gru, hidden_size: 8}}
training: {{epochs: {epochs}}}
run: {{threads: 1}}
"""


def read_json(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A folder with 5,000 short reviews and a config, small.yaml, that trains for long."""
    generator = random.Random(0)
    words = [
        "the",
        "film",
        "plot",
        "acting",
        "was",
        "and",
        "with",
        "a",
        "story",
        "music",
        "great",
        "awful",
    ]
    lines = [
        f"{' '.join(generator.choices(words, k=15))} number{i},{'no' if i % 2 else 'yes'}"
        for i in range(5_000)
    ]
    (tmp_path / "reviews.csv").write_text("\n".join(["text,label", *lines]) + "\n", "utf-8")
    (tmp_path / "small.yaml").write_text(SMALL.format(epochs=1000), "utf-8")
    return tmp_path


# the main job


@pytest.fixture(scope="module")
def smoke(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """A folder in which configs/smoke.yaml was trained, and what the program said."""
    folder = tmp_path_factory.mktemp("smoke")
    return folder, gru_sent(folder, "train", "--config", SMOKE)


Smoke = tuple[Path, "subprocess.CompletedProcess[str]"]


def test_training_ends_with_a_run(smoke: Smoke) -> None:
    folder, done = smoke
    assert done.returncode == 0, done.stderr
    assert "\r" not in done.stdout + done.stderr
    assert re.findall(r"^epoch (\d):", done.stderr, re.MULTILINE) == ["1", "2", "3"]
    assert "run folder: runs/smoke" in done.stdout
    assert sorted(path.name for path in (folder / "runs").iterdir()) == ["latest", "smoke"]
    assert len(list((folder / "runs" / "smoke").iterdir())) == 12
    metrics = read_json(folder / "runs/smoke/metrics.json")
    assert metrics["validation"]["n"] == 1000
    # a coin gives 0.5
    assert min(metrics[split]["accuracy"] for split in ("validation", "test")) > 0.7
    facts = read_json(folder / "runs/smoke/metadata.json")
    assert facts["coverage"]["types"] > 0.95
    assert facts["peak_memory_mib"] < 2048


@pytest.mark.parametrize("split", ["validation", "test"])
def test_evaluating_gives_the_same_scores(smoke: Smoke, split: str) -> None:
    folder, _ = smoke
    done = gru_sent(folder, "evaluate", "--split", split, "--json", "-", "--quiet")
    assert (done.returncode, done.stderr) == (0, "")
    scores = json.loads(done.stdout)
    stored = read_json(folder / "runs/smoke/metrics.json")[split]
    assert scores["n"] == stored["n"]
    assert scores["loss"] == pytest.approx(stored["loss"], abs=1e-5)
    assert scores["accuracy"] == pytest.approx(stored["accuracy"], abs=2 / scores["n"])


def test_evaluating_a_file(smoke: Smoke, tmp_path: Path) -> None:
    folder, _ = smoke
    rows = [
        ("A wonderful film, and the best acting of the year.", "positive"),
        ("What a waste of two hours. Awful, boring, stupid.", "negative"),
        ("", "negative"),
    ]
    lines = ["text,label", *(f'"{text}",{label}' for text, label in rows)]
    (tmp_path / "own.csv").write_text("\n".join(lines) + "\n", "utf-8")
    done = gru_sent(folder, "evaluate", "--data", tmp_path / "own.csv", "--json", "-")
    assert done.returncode == 0, done.stderr
    scores = json.loads(done.stdout)
    assert (scores["n"], scores["empty_texts"]) == (3, 1)
    assert scores["confusion_matrix"][1][1] == 1
    assert scores["accuracy"] >= 2 / 3


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("A wonderful film, and the best acting of the year.", "positive"),
        ("What a waste of two hours. Awful, boring, stupid.", "negative"),
    ],
)
def test_predicting(smoke: Smoke, text: str, label: str) -> None:
    folder, _ = smoke
    done = gru_sent(folder, "predict", text, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    answer = json.loads(done.stdout)
    assert answer["label"] == label
    assert answer["unknown_share"] == 0
    said = gru_sent(folder, "predict", text, "--run", "runs/smoke")
    assert said.stdout.startswith(f"{label} (")


# several at once


def test_two_trainings_at_once_share_the_cache(small: Path) -> None:
    (small / "small.yaml").write_text(SMALL.format(epochs=1), "utf-8")
    train = ["train", "--config", "small.yaml", "--output"]
    cold = environment(GRU_SENT_CACHE=str(small / "cache"))
    with (
        started(small, *train, "one", env=cold) as one,
        started(small, *train, "two", env=cold) as two,
    ):
        errors = [process.communicate(timeout=LIMIT_S)[1] for process in (one, two)]
    assert (one.returncode, two.returncode) == (0, 0), errors
    assert "tokenising 5,000 texts" in "".join(errors)
    third = gru_sent(small, *train, "three", env=cold)
    assert third.returncode == 0
    assert "tokenising" not in third.stderr
    weights = {
        (small / name / "model.safetensors").read_bytes() for name in ("one", "two", "three")
    }
    assert len(weights) == 1
    assert [path.name for path in (small / "cache").iterdir() if "tmp" in path.name] == []


# interrupted


def test_ctrl_c_while_training(small: Path) -> None:
    with started(small, "train", "--config", "small.yaml") as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("epoch 2:"):
                break
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 130
    assert output == ""
    assert "Traceback" not in errors
    assert re.search(r"runs/small\.partial holds the weights of epoch \d+", errors)
    assert errors.endswith("interrupted\n")
    assert [path.name for path in (small / "runs").iterdir()] == ["small.partial"]
    answer = gru_sent(small, "predict", "great film", "--run", "runs/small.partial", "--json")
    assert answer.returncode == 0
    assert set(json.loads(answer.stdout)["probabilities"]) == {"no", "yes"}


@pytest.mark.parametrize("delay_s", [0, 0.02, 0.05, 0.1, 0.3, 1])
def test_ctrl_c_while_tokenising(delay_s: float, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    cold = environment(GRU_SENT_CACHE=str(cache))
    with started(tmp_path, "train", "--config", SMOKE, env=cold) as process:
        until = time.monotonic() + LIMIT_S
        while not any(cache.glob("*")) and time.monotonic() < until:
            time.sleep(0.005)
        time.sleep(delay_s)
        # a terminal sends the signal to the workers too
        os.killpg(process.pid, signal.SIGINT)
        output, errors = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 130, errors
    assert output == ""
    assert "Traceback" not in errors
    assert errors.endswith("interrupted\n")
    assert not any((tmp_path / "runs").glob("*"))


# a disk that is full


@pytest.mark.parametrize(
    ("cache", "step"), [("warm", "free some space"), ("cold", "GRU_SENT_CACHE")]
)
def test_a_disk_that_is_full(small: Path, cache: str, step: str) -> None:
    (small / "small.yaml").write_text(SMALL.format(epochs=1), "utf-8")
    if cache == "warm":
        assert gru_sent(small, "data", "check", "--config", "small.yaml").returncode == 0
    train = ["train", "--config", "small.yaml", "--set", "run.processes=1"]
    done = gru_sent(
        small,
        *train,
        env=environment(
            PYTHONDONTWRITEBYTECODE="1",
            **({} if cache == "warm" else {"GRU_SENT_CACHE": str(small / "cache")}),
        ),
        # no file may grow beyond this; a write that would fails as on a full disk
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)),
    )
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert "cannot be written" in done.stderr
    assert step in done.stderr
    assert done.stdout == ""
    assert not any((small / "runs").glob("*"))


# readers that leave, and terminals


@pytest.mark.parametrize(
    "arguments", [["config", "schema"], ["config", "show", "small.yaml"], ["--help"]]
)
def test_a_closed_pipe_ends_the_program_quietly(small: Path, arguments: list[str]) -> None:
    with started(small, *arguments) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        # as `| head -1` does, only sooner
        process.stdout.close()
        errors = process.stderr.read()
    assert (process.returncode, errors) == (0, "")


def test_head_gets_its_lines(tmp_path: Path) -> None:
    done = subprocess.run(
        ["bash", "-c", '"$0" config schema | head -1', PROGRAM],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "{\n", "")


class Terminal:
    """A terminal of 100 columns, and what a program has shown on it."""

    def __init__(self) -> None:
        self.ours, self.theirs = os.openpty()
        fcntl.ioctl(self.theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
        self.shown = ""

    def own(self) -> None:
        """Make it the controlling terminal of a process: Ctrl-C becomes a signal."""
        fcntl.ioctl(self.theirs, termios.TIOCSCTTY, 0)

    def read_until(self, pattern: str | None) -> None:
        """Read until this pattern is shown, or, for None, to the end."""
        until = time.monotonic() + LIMIT_S
        while pattern is None or not re.search(pattern, self.shown):
            assert time.monotonic() < until, self.shown
            if not select.select([self.ours], [], [], 1)[0]:
                continue
            try:
                found = os.read(self.ours, 65_536)
            except OSError:  # Linux: nobody holds the other end any more
                found = b""
            if not found:
                assert pattern is None, self.shown
                return
            self.shown += found.decode()


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    terminal = Terminal()
    yield terminal
    os.close(terminal.ours)


@contextmanager
def started_on(
    terminal: Terminal, folder: Path, *arguments: str, **variables: str
) -> Iterator[subprocess.Popen[str]]:
    """The program on a terminal."""
    ends = dict.fromkeys(("stdin", "stdout", "stderr"), terminal.theirs)
    env = environment(TERM="xterm", **variables)
    with started(folder, *arguments, env=env, preexec_fn=terminal.own, **ends) as process:
        os.close(terminal.theirs)
        yield process


def test_a_bar_on_a_terminal(small: Path, terminal: Terminal) -> None:
    (small / "small.yaml").write_text(SMALL.format(epochs=2), "utf-8")
    with started_on(terminal, small, "train", "--config", "small.yaml") as process:
        terminal.read_until(None)
    assert process.returncode == 0, terminal.shown
    assert "\repoch 1/2: " in terminal.shown
    assert "\repoch 2/2: " in terminal.shown
    # an evaluation's line stays
    assert re.search(r"\repoch 1: training loss [^\r]*\r\n", terminal.shown)
    assert "run folder: runs/small" in terminal.shown


def test_plain_lines_on_a_terminal_of_a_ci_machine(small: Path, terminal: Terminal) -> None:
    (small / "small.yaml").write_text(SMALL.format(epochs=2), "utf-8")
    train = ["train", "--config", "small.yaml"]
    with started_on(terminal, small, *train, CI="true") as process:
        terminal.read_until(None)
    assert process.returncode == 0, terminal.shown
    # the terminal itself ends every line with both
    assert "\r" not in terminal.shown.replace("\r\n", "\n")
    assert "\nepoch 1: training loss" in terminal.shown


def test_ctrl_c_on_a_terminal(small: Path, terminal: Terminal) -> None:
    with started_on(terminal, small, "train", "--config", "small.yaml") as process:
        # in the midst of an epoch
        terminal.read_until(r"\repoch \d+/1000: [^\r]*loss")
        os.write(terminal.ours, b"\x03")
        terminal.read_until(None)
    assert process.returncode == 130, terminal.shown
    assert "Traceback" not in terminal.shown
    # the messages stand on lines of their own, not behind the bar
    *_, message, hint, last = terminal.shown.replace("\r\n", "\n").strip().split("\n")
    assert message.rpartition("\r")[2].startswith("interrupted: runs/small.partial holds")
    assert hint == "  resume it: gru-sent train --resume runs/small"
    assert last.rpartition("\r")[2] == "interrupted"
    assert (small / "runs/small.partial/model.safetensors").is_file()
