"""Damaged run folders are refused, or answer as before."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from gru_sentiment.artifact.files import MANIFEST

from . import fuzz
from .runs import write_baseline, write_both, write_encoder, write_fusion, write_run

MUTATIONS = {"net": 60, "baseline": 24, "fusion": 8, "encoder": 24, "both": 8}
"""As many as a quick test has time for."""
THOUSANDS = {"net": 2_000, "baseline": 400, "fusion": 100, "encoder": 400, "both": 100}
"""As many as a slow one has; a fusion has the files of all its members."""
WRITE = {
    "net": partial(write_run, temperature=1.5),
    "baseline": partial(write_baseline, temperature=1.5),
    "fusion": write_fusion,
    "encoder": write_encoder,
    "both": write_both,
}


@pytest.mark.parametrize(
    ("kind", "name"),
    [(kind, name) for kind, names in fuzz.NEEDED_BY.items() for name in (*names, MANIFEST)],
)
def test_damage_is_refused_or_changes_nothing(kind: str, name: str) -> None:
    outcomes = fuzz.damage(WRITE[kind](), name, MUTATIONS[kind], seed=1)
    assert outcomes.total() == MUTATIONS[kind]
    assert outcomes["refused"] > MUTATIONS[kind] / 3


@pytest.mark.slow
@pytest.mark.parametrize("kind", WRITE)
def test_thousands_of_mutations_within_a_gibibyte(tmp_path: Path, kind: str) -> None:
    run = WRITE[kind]()
    done = subprocess.run(
        [sys.executable, fuzz.__file__, str(run), str(tmp_path / "copy"), str(THOUSANDS[kind])],
        capture_output=True,
        text=True,
        timeout=2400,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert len(done.stdout.splitlines()) == len(fuzz.files_of(run))
