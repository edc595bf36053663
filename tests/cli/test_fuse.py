"""`gru-sent fuse`: the members' scores, theirs together, and a run folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from typer.testing import Result


def test_prints_members_weights_and_the_folder(
    gru_sent: Callable[..., Result], run: Path, tiny_config: Path
) -> None:
    assert gru_sent("baseline", "-c", tiny_config, "-q").exit_code == 0
    result = gru_sent("fuse", run, "runs/baseline")
    assert result.exit_code == 0, result.output
    for words in ("validation accuracy", f"weight of {run}: ", "weight of runs/baseline: "):
        assert words in result.stdout
    firsts = [line.split()[0] for line in result.stdout.splitlines() if line.strip()]
    assert [name for name in firsts if name in {str(run), "runs/baseline", "fused"}] == [
        str(run),
        "runs/baseline",
        "fused",
    ]
    assert result.stdout.splitlines()[-1] == "run folder: runs/fused"
    assert gru_sent("predict", "great").exit_code == 0
    assert "runs/fused on test" in gru_sent("evaluate", "runs/fused").stdout
    refused = gru_sent("reproduce", "runs/fused")
    assert refused.exit_code == 2
    assert "make runs/fused again with gru-sent fuse" in refused.stderr


def test_what_cannot_be_fused(gru_sent: Callable[..., Result], run: Path) -> None:
    alone = gru_sent("fuse", run)
    assert alone.exit_code == 2
    assert "2 to 64 runs, 1 given" in alone.stderr
    unknown = gru_sent("fuse", run, "runs/nope")
    assert unknown.exit_code == 2
    assert "runs/nope: no such run folder" in unknown.stderr
    assert gru_sent("fuse").exit_code == 2
