"""`gru-sent export`: what it prints and how it is refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from artifact.runs import write_encoder
from typer.testing import Result


def test_prints_the_comparison_and_the_folder(gru_sent: Callable[..., Result], run: Path) -> None:
    result = gru_sent("export", run, "--format", "onnx", "--output", "exported", "--int8")
    assert result.exit_code == 0, result.output
    first, difference, changed, model, folder = result.stdout.splitlines()
    assert first == f"compared with {run} on 16 validation texts:"
    assert re.fullmatch(r"  probabilities differ by \d\.\de-\d\d at most", difference)
    assert changed == "  other classes for 0 (0.0%)"
    assert re.fullmatch(r"model: \d+\.\d MiB", model)
    assert folder == "exported: exported (python exported/example.py TEXT)"
    again = gru_sent("export", run, "-o", "exported", "--force", "--quiet")
    assert again.exit_code == 0, again.output
    assert again.stderr == ""


def test_refusals_are_the_users_errors(gru_sent: Callable[..., Result], run: Path) -> None:
    for arguments, said in [
        ((run, "-o", "x", "--format", "numpi"), "did you mean numpy? known are: onnx, numpy"),
        ((write_encoder(Path("runs/e")), "-o", "x"), "is a pre-trained encoder"),
        ((run, "-o", "runs"), "runs: exists already"),
        ((run, "-o", "runs", "--force"), f"would be replaced, and the run {run} lies there"),
        ((run, "-o", ".", "--force"), "would be replaced, and"),
        ((run,), "Missing option"),
    ]:
        result = gru_sent("export", *arguments)
        assert result.exit_code == 2, result.output
        assert said in result.stderr
        assert not Path("x").exists()
