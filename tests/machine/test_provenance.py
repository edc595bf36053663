"""Versions, commit, machine and times."""

from __future__ import annotations

import importlib.metadata
import json
import platform
import subprocess
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

import gru_sentiment
from gru_sentiment.machine import provenance as module
from gru_sentiment.machine.provenance import Stopwatch, commit, peak_memory_mib, provenance


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that the package seems to run from."""
    monkeypatch.setattr(gru_sentiment, "__file__", str(tmp_path / "gru_sentiment" / "__init__.py"))
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    return tmp_path


def test_names_versions_and_machine() -> None:
    found = json.loads(json.dumps(provenance()))
    assert found["gru_sentiment"] == importlib.metadata.version("gru-sentiment")
    assert found["python"] == platform.python_version()
    assert set(found["packages"]) >= {"torch", "spacy", "datasets", "numpy", "safetensors"}
    assert found["packages"]["torch"] == importlib.metadata.version("torch")
    assert platform.machine() in found["machine"]


def test_a_package_that_is_not_installed_has_no_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PACKAGES", ("torch", "no-such-package"))
    packages = provenance()["packages"]
    assert packages["torch"] is not None
    assert packages["no-such-package"] is None


def test_the_commit_is_that_of_the_checkout(checkout: Path) -> None:
    def git(*arguments: str) -> str:
        who = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
        done = subprocess.run(
            ["git", *who, *arguments], cwd=checkout, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    git("init", "--quiet")
    git("commit", "--quiet", "--allow-empty", "--message", "one")
    assert commit() == git("rev-parse", "HEAD")
    assert len(commit() or "") == 40


def test_an_installed_package_has_no_commit(checkout: Path) -> None:
    assert commit() is None


def test_a_broken_checkout_has_no_commit(checkout: Path) -> None:
    (checkout / ".git").mkdir()
    assert commit() is None


def test_without_git_there_is_no_commit(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (checkout / ".git").mkdir()
    monkeypatch.setenv("PATH", "")
    assert commit() is None


def test_peak_memory_is_in_mebibytes() -> None:
    resource = pytest.importorskip("resource")
    before = peak_memory_mib()
    assert before is not None
    assert 10 < before < 2**20
    assert before <= (peak_memory_mib() or 0)
    if platform.system() == "Linux":
        assert before == pytest.approx(
            resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, rel=0.01
        )


def test_a_stopwatch_adds_what_other_processes_took(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(module, "time", SimpleNamespace(perf_counter=lambda: now[0]))
    watch = Stopwatch()
    assert "startup_s" not in watch.metadata()
    now[0] = 103.0
    watch.ready(60.0)
    now[0] = 110.0
    about = json.loads(json.dumps(watch.metadata()))
    assert (about["startup_s"], about["total_s"]) == (3.0, 70.0)
    began = datetime.fromisoformat(about["started_at"])
    assert abs(datetime.now(began.tzinfo) - began) < timedelta(minutes=5)
