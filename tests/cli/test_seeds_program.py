"""The real program: seeds that are killed go on to the weights that they would have had."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from .programs import LIMIT_S, gru_sent, started

pytestmark = pytest.mark.slow

MORE = ("--seeds", 2, "--set", "training.epochs=20")


def test_killed_in_the_second_seed(tmp_path: Path, tiny_config: Path) -> None:
    train = ("train", "--config", tiny_config, *MORE)
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    whole.mkdir()
    killed.mkdir()
    done = gru_sent(whole, *train)
    assert done.returncode == 0, done.stderr
    with started(killed, *train) as process:
        checkpoints = killed / "runs/tiny/seed-1.partial/checkpoints"
        deadline = time.monotonic() + LIMIT_S
        while not any(checkpoints.glob("0*")):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGKILL)
    again = gru_sent(killed, *train)
    assert again.returncode == 0, again.stderr
    assert "seed-0, finished before" in again.stderr
    assert "seed-1, resumed" in again.stderr
    assert again.stdout == done.stdout
    for name in ("seed-0", "seed-1"):
        weights = [f / "runs/tiny" / name / "model.safetensors" for f in (whole, killed)]
        assert weights[0].read_bytes() == weights[1].read_bytes()


def test_suites_as_a_gate(tmp_path: Path, tiny_config: Path) -> None:
    folder = tmp_path
    train = gru_sent(folder, "train", "--config", tiny_config, "--output", "runs/one")
    assert train.returncode == 0, train.stderr
    check = ["evaluate", "runs/one", "--suite", "negation", "--junit-xml", "gates.xml"]
    assert gru_sent(folder, *check, "--fail-under", "suite.negation=0").returncode == 0
    failed = gru_sent(folder, *check, "--fail-under", "suite.negation=0.99")
    assert failed.returncode == 3
    assert failed.stderr.splitlines()[-1].startswith("failed: suite.negation ")
    assert 'failures="1"' in (folder / "gates.xml").read_text("utf-8")
    listed = gru_sent(folder, "runs")
    assert "runs/one" in listed.stdout
