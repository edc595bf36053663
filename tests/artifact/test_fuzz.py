"""Damaged run folders are refused, or answer as before."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from . import fuzz
from .runs import write_run


@pytest.mark.parametrize("name", fuzz.FILES)
def test_damage_is_refused_or_changes_nothing(name: str) -> None:
    outcomes = fuzz.damage(write_run(), name, 60, seed=1)
    assert outcomes.total() == 60
    assert outcomes["refused"] > 20


@pytest.mark.slow
def test_thousands_of_mutations_within_a_gibibyte(tmp_path: Path) -> None:
    run = write_run()
    done = subprocess.run(
        [sys.executable, fuzz.__file__, str(run), str(tmp_path / "copy"), "2000"],
        capture_output=True,
        text=True,
        timeout=1200,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert len(done.stdout.splitlines()) == len(fuzz.FILES)
