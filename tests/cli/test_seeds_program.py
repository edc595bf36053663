"""The real program: seeds that are killed go on to the weights that they would have had."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from .programs import LIMIT_S, gru_sent, started

pytestmark = pytest.mark.slow

SMOKE = Path(__file__).parents[2] / "configs" / "smoke.yaml"
TRAIN = ("train", "--config", SMOKE, "--seeds", 2, "--threads", 1, "--set", "training.epochs=2")


def test_killed_in_the_second_seed(tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    whole.mkdir()
    killed.mkdir()
    done = gru_sent(whole, *TRAIN)
    assert done.returncode == 0, done.stderr
    with started(killed, *TRAIN) as process:
        begun = killed / "runs/smoke/seed-1.partial/checkpoints"
        deadline = time.monotonic() + LIMIT_S
        while not (begun.is_dir() and any(begun.glob("0*"))):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGKILL)
    again = gru_sent(killed, *TRAIN)
    assert again.returncode == 0, again.stderr
    assert "seed-0, finished before" in again.stderr
    assert "seed-1, going on" in again.stderr
    assert again.stdout == done.stdout
    for name in ("seed-0", "seed-1"):
        weights = [f / "runs/smoke" / name / "model.safetensors" for f in (whole, killed)]
        assert weights[0].read_bytes() == weights[1].read_bytes()
    listed = gru_sent(killed, "runs")
    assert listed.stdout.count("runs/smoke/seed-") == 2
    negation = ["evaluate", "runs/smoke", "--suite", "negation", "--fail-under"]
    assert gru_sent(killed, *negation, "suite.negation=0").returncode == 0
    assert gru_sent(killed, *negation, "suite.negation=1").returncode == 3
