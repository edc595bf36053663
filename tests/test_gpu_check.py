"""scripts/gpu_check.py: what it needs, and that a check can fail."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "scripts"))

import gpu_check  # noqa: E402


class FakeBench:
    """Answers for the program: runs with given accuracies, scores with given probabilities."""

    device = "cuda"

    def __init__(self, work: Path, accuracies: dict[str, float], shift: float = 0.0) -> None:
        self.work, self.accuracies, self.shift = work, accuracies, shift

    def run(self, name: str, *arguments: object) -> Path:
        """A run folder with nothing but an accuracy."""
        path = self.work / name
        path.mkdir()
        metrics = {"validation": {"accuracy": self.accuracies[name]}}
        (path / "metrics.json").write_text(json.dumps(metrics), "utf-8")
        return path

    def program(self, *arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
        """Scores of one text, moved by `shift` on the device."""
        p = 0.5 + (self.shift if self.device in arguments else 0.0)
        line = json.dumps({"probabilities": {"bad": p, "good": 1 - p}})
        Path(str(arguments[-1])).write_text(line + "\n", "utf-8")
        return subprocess.CompletedProcess([], 0, "", "")


@pytest.mark.parametrize(("there", "passed"), [(0.81, True), (0.70, False)])
def test_accuracies_far_apart_fail(tmp_path: Path, there: float, passed: bool) -> None:
    values = {"cpu-0": 0.80, "cpu-1": 0.82, "cpu-2": 0.79, "there": there}
    (check,) = gpu_check.accuracies(FakeBench(tmp_path, values))
    assert check.passed is passed
    assert check.found.startswith(
        f"{there:.4f} there, 0.8000, 0.8200, 0.7900 on the CPU; limit 0.05"
    )


@pytest.mark.parametrize(("shift", "passed"), [(5e-5, True), (2e-4, False)])
def test_probabilities_far_apart_fail(tmp_path: Path, shift: float, passed: bool) -> None:
    (check,) = gpu_check.probabilities(FakeBench(tmp_path, {}, shift))
    assert check.passed is passed
    assert check.found == f"{shift:.1e} over 1 reviews; limit 1e-04"


def test_a_step_that_breaks_off_is_a_failed_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(bench: gpu_check.Bench) -> list[gpu_check.Check]:
        raise RuntimeError("train cpu-0: exit code 2")

    for step in ("probabilities", "resumed", "out_of_memory", "speeds"):
        monkeypatch.setattr(gpu_check, step, lambda bench: [])
    breaks.__name__ = "accuracies"
    monkeypatch.setattr(gpu_check, "accuracies", breaks)
    tests, broken = gpu_check.all_checks(gpu_check.Bench(tmp_path, "cpu", 1, 1))
    assert tests.passed is None
    assert broken == gpu_check.Check("accuracies", "train cpu-0: exit code 2", False)


def test_reviews_are_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(gpu_check, "REVIEWS", tmp_path / "reviews.csv")
    monkeypatch.setattr(sys, "argv", ["gpu_check.py"])
    assert gpu_check.main() == 2
    assert (
        capsys.readouterr().err
        == f"{tmp_path}/reviews.csv is missing: scripts/gpu_check.sh --prepare\n"
    )
