"""The real program under faults: killed, evicted, without disk or memory, beside another one."""

from __future__ import annotations

import json
import random
import resource
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from trainings import outcome

from .programs import LIMIT_S, environment, gru_sent, started

pytestmark = pytest.mark.slow

CONFIG = """\
data: {{source: package, train_size: 1000, validation_size: 500, test_size: 500}}
text: {{max_tokens: 60, head_tokens: 20, max_size: 5000}}
model: {{cell: {cell}, hidden_size: 24, embedding_dropout: 0.2, dropout: 0.3}}
training: {{epochs: 8, batch_size: 32}}
run: {{checkpoint_every: 10 steps, threads: 1, processes: 1}}
"""
PRETRAINING = """\
data: {source: package, train_size: 1000, validation_size: 500, test_size: 500}
text: {max_tokens: null, max_size: 2000}
vectors: {source: none, dimension: 16}
model: {cell: gru, hidden_size: 24, bidirectional: false, dropout: 0.2}
pretraining: {window: 32, negatives: 64, held_out: 20}
training: {epochs: 3, batch_size: 32, learning_rate: 0.01}
run: {checkpoint_every: 10 steps, threads: 1, processes: 1}
"""
KILLS = 16


def prepared(folder: Path, kind: str) -> Path:
    """A folder with a config and an uninterrupted run of it, `runs/whole`."""
    pretrains = kind == "pretrain"
    text = PRETRAINING if pretrains else CONFIG.format(cell=kind)
    (folder / "fault.yaml").write_text(text, "utf-8")
    verb = "pretrain" if pretrains else "train"
    done = gru_sent(folder, verb, "--config", "fault.yaml", "--output", "runs/whole")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepared(tmp_path_factory.mktemp("gru"), "gru")


def train_options(name: str) -> list[str]:
    return ["--config", "fault.yaml", "--output", f"runs/{name}", "--quiet"]


def resume_options(name: str) -> list[str]:
    return ["--resume", f"runs/{name}", "--quiet"]


def train(name: str) -> list[str]:
    return ["train", *train_options(name)]


def resume(name: str) -> list[str]:
    return ["train", *resume_options(name)]


def stop_in_training(folder: Path, name: str, number: int) -> subprocess.CompletedProcess[str]:
    """Begin a run and send it a signal after some checkpoints."""
    with started(folder, *train(name)) as process:
        checkpoints, until = folder / f"runs/{name}.partial/checkpoints", time.monotonic() + LIMIT_S
        while not (checkpoints / "000003").exists() and time.monotonic() < until:
            time.sleep(0.01)
        process.send_signal(number)
        output, errors = process.communicate(timeout=LIMIT_S)
    return subprocess.CompletedProcess([], process.returncode, output, errors)


@pytest.mark.parametrize("kind", ["gru", "lstm", "pretrain"])
def test_killed_again_and_again(kind: str, tmp_path: Path) -> None:
    """Wherever it dies, at the start or between two files of a checkpoint."""
    verb = "pretrain" if kind == "pretrain" else "train"
    folder = prepared(tmp_path, kind)
    train, resume = (
        [verb, *command] for command in (train_options("killed"), resume_options("killed"))
    )
    expected, generator = outcome(folder / "runs/whole"), random.Random(0)
    kills, run = 0, folder / "runs/killed"
    begun = folder / "runs/killed.partial/config.yaml"
    while kills < KILLS or not run.exists():
        if run.exists():
            assert outcome(run) == expected
            shutil.rmtree(run)
        with started(folder, *(resume if begun.exists() else train)) as process:
            limit = generator.uniform(0.2, 6.0) if kills < KILLS else LIMIT_S
            try:
                process.wait(limit)
            except subprocess.TimeoutExpired:
                process.kill()
                kills += 1
            else:
                assert process.stderr is not None
                assert process.returncode == 0, process.stderr.read()
    assert outcome(run) == expected
    shutil.rmtree(run)


@pytest.mark.parametrize(
    ("number", "code", "word"),
    [(signal.SIGTERM, 143, "terminated"), (signal.SIGINT, 130, "interrupted")],
)
def test_evicted(folder: Path, number: int, code: int, word: str) -> None:
    done = stop_in_training(folder, "evicted", number)
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.endswith(f"{word}\n")
    assert "Traceback" not in done.stderr
    again = gru_sent(folder, *resume("evicted"))
    assert again.returncode == 0, again.stderr
    assert outcome(folder / "runs/evicted") == outcome(folder / "runs/whole")
    shutil.rmtree(folder / "runs/evicted")


def limited(kind: int, amount: int) -> Callable[[], None]:
    return lambda: resource.setrlimit(kind, (amount, amount))


def test_a_disk_that_is_full_during_a_checkpoint(folder: Path) -> None:
    stop_in_training(folder, "full", signal.SIGKILL)
    partial = folder / "runs/full.partial"
    saved = {p: p.read_bytes() for p in partial.glob("checkpoints/*/*")}
    size = max(map(len, saved.values()))
    done = gru_sent(
        folder,
        *resume("full"),
        env=environment(PYTHONDONTWRITEBYTECODE="1"),
        preexec_fn=limited(resource.RLIMIT_FSIZE, size - 1),
    )
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert "cannot be written: File too large" in done.stderr
    assert "free some space" in done.stderr
    # the last good one is as it was, and so are the epochs that were done
    assert {p: p.read_bytes() for p in partial.glob("checkpoints/*/*")} == saved
    again = gru_sent(folder, *resume("full"))
    assert again.returncode == 0, again.stderr
    assert outcome(folder / "runs/full") == outcome(folder / "runs/whole")
    shutil.rmtree(folder / "runs/full")


def test_too_little_memory(folder: Path) -> None:
    done = gru_sent(
        folder,
        *train("small"),
        "--set",
        "model.hidden_size=20000",
        preexec_fn=limited(resource.RLIMIT_AS, 6 << 30),
    )
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert "out of memory" in done.stderr
    assert not list((folder / "runs").glob("small*"))


def test_two_trainings_that_share_an_empty_cache(folder: Path) -> None:
    env = environment(GRU_SENT_CACHE=str(folder / "shared-cache"))
    with (
        started(folder, *train("one"), env=env) as one,
        started(folder, *train("two"), env=env) as two,
    ):
        for process in (one, two):
            _, errors = process.communicate(timeout=LIMIT_S)
            assert process.returncode == 0, errors
    for name in ("one", "two"):
        assert outcome(folder / "runs" / name) == outcome(folder / "runs/whole")
        shutil.rmtree(folder / "runs" / name)
    shutil.rmtree(folder / "shared-cache")


BACKWARDS = """\
import time
now = time.time
time.time = lambda: 2e9 - 1000 * (now() - START)
START = now()
"""


def test_a_clock_that_jumps_backwards(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(BACKWARDS, "utf-8")
    done = gru_sent(folder, *train("clock"), env=environment(PYTHONPATH=str(tmp_path)))
    assert done.returncode == 0, done.stderr
    assert outcome(folder / "runs/clock") == outcome(folder / "runs/whole")
    metadata = json.loads((folder / "runs/clock/metadata.json").read_bytes())
    assert all(metadata[name] > 0 for name in ("startup_s", "training_s", "total_s"))
    shutil.rmtree(folder / "runs/clock")


def test_output_that_cannot_be_written(folder: Path) -> None:
    done = gru_sent(folder, "train", "--config", "fault.yaml", "--output", "/proc/runs/mine")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "/proc/runs" in done.stderr
    assert "choose another --output" in done.stderr


def test_reproduce(folder: Path) -> None:
    done = gru_sent(folder, "reproduce", "runs/whole", "--quiet")
    assert done.returncode == 0, done.stderr
    assert "has the weights and the history of" in done.stdout
    again = folder / "runs/whole-reproduced"
    assert outcome(again) == outcome(folder / "runs/whole")
    shutil.rmtree(again)


NO_SOCKETS = """\
import socket

class Refused(socket.socket):
    def __init__(self, *args, **kwargs):
        with open({log!r}, "a") as file:
            file.write(repr(args))
        raise OSError("no sockets here")

socket.socket = Refused
"""


def test_offline_opens_no_socket(folder: Path, tmp_path: Path) -> None:
    log = tmp_path / "opened"
    (tmp_path / "sitecustomize.py").write_text(NO_SOCKETS.format(log=str(log)), "utf-8")
    env = environment(PYTHONPATH=str(tmp_path))
    del env["HF_HUB_OFFLINE"]
    one_epoch = ("--set", "training.epochs=1", "--offline")
    for arguments in (
        (*train("offline"), *one_epoch),
        ("evaluate", "runs/offline", "--offline"),
        ("predict", "great", "--run", "runs/offline", "--offline"),
    ):
        done = gru_sent(folder, *arguments, env=env)
        assert done.returncode == 0, done.stderr
    # what would need the network says so
    for source in (
        ("--set", "data.source=hub", "--set", "data.dataset=stanfordnlp/imdb"),
        (
            *("--set", "vectors.source=name", "--set", "vectors.name=glove.6B.100d"),
            *("--set", "vectors.dimension=100"),
        ),
    ):
        done = gru_sent(folder, *train("hub"), *source, *one_epoch, env=env)
        assert done.returncode == 2, done.stderr
        assert "Traceback" not in done.stderr
        assert "offline" in done.stderr.lower()
    assert not log.exists()
    shutil.rmtree(folder / "runs/offline")
