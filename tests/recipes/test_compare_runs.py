"""Runs side by side, with a paired test where the rows are the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gru_sentiment.errors import ArtifactError
from gru_sentiment.recipes.compare_runs import compare_runs
from gru_sentiment.results.evaluation import PairedComparison
from gru_sentiment.scores.comparison import compare_paired

RIGHT = {"a": [1, 1, 0, 0, 1, 1], "b": [1, 0, 1, 1, 1, 1]}


def write_run(
    name: str, right: list[int], *, rows: list[int] | None = None, config: str = "", **about: Any
) -> Path:
    folder = Path(name)
    folder.mkdir()
    (folder / "config.yaml").write_text(
        config or "model: {cell: gru, layers: 1}\nrun: {seed: 0, threads: 2}\n", "utf-8"
    )
    metadata = {"parameters": {"total": 10}, "data_fingerprint": "abc"} | about
    (folder / "metadata.json").write_text(json.dumps(metadata), "utf-8")
    scores = {"validation": {"n": len(right), "accuracy": sum(right) / len(right)}}
    (folder / "metrics.json").write_text(json.dumps(scores), "utf-8")
    lines = [
        {
            "row": row,
            "true": "no" if i % 2 else "yes",
            "label": "no" if bool(i % 2) == bool(hit) else "yes",
            "probabilities": {"no": 0.5, "yes": 0.5},
        }
        for i, (row, hit) in enumerate(zip(rows or range(len(right)), right, strict=True))
    ]
    write_lines(folder, lines)
    return folder


def write_lines(folder: Path, lines: list[dict[str, Any]]) -> None:
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (folder / "predictions-validation.jsonl").write_text(text, "utf-8")


def paired_of(a: Path, b: Path) -> PairedComparison | str:
    return compare_runs([a, b]).paired[0]


def test_the_paired_test_is_the_one_of_the_rows() -> None:
    a, b = (write_run(name, right) for name, right in RIGHT.items())
    expected = compare_paired(np.array(RIGHT["a"], bool), np.array(RIGHT["b"], bool))
    assert paired_of(a, b) == expected
    assert (expected.fixed, expected.broken) == (2, 1)


def test_settings_that_differ_and_scores() -> None:
    a = write_run("a", RIGHT["a"])
    b = write_run("b", RIGHT["b"], config="model: {cell: lstm, layers: 1}\nrun: {seed: 0}\n")
    c = write_run("c", RIGHT["b"], config="model: {cell: gru}\nrun: {seed: 1, threads: 9}\n")
    found = compare_runs([a, b, c])
    assert found.differences == {
        "model.cell": ["gru", "lstm", "gru"],
        "model.layers": [1, 1, None],
        "run.seed": [0, 0, 1],
    }
    assert found.metrics["validation.accuracy"] == [4 / 6, 5 / 6, 5 / 6]
    assert "test.accuracy" not in found.metrics
    assert len(found.paired) == 2
    assert json.loads(json.dumps(found.to_json()))["paired"][0]["n"] == 6


def test_a_run_against_itself() -> None:
    a = write_run("a", RIGHT["a"])
    found = compare_runs([a, a])
    assert found.differences == {}
    assert isinstance(found.paired[0], PairedComparison)
    assert (found.paired[0].difference, found.paired[0].p_value) == (0.0, 1.0)


def test_it_says_why_there_is_no_paired_test() -> None:
    a = write_run("a", RIGHT["a"])
    cases = {
        "trained on different data": write_run("data", RIGHT["b"], data_fingerprint="xyz"),
        "holds 6 rows and 5 are scored": write_run("fewer", RIGHT["b"][:5]),
        "holds other rows": write_run("rows", RIGHT["b"], rows=[0, 1, 2, 3, 4, 9]),
        "cannot be read": write_run("gone", RIGHT["b"]),
        "is not an object with row": write_run("damaged", RIGHT["b"]),
        "the file is empty": write_run("empty", RIGHT["b"]),
    }
    (Path("gone") / "predictions-validation.jsonl").unlink()
    write_lines(Path("damaged"), [{"row": 1}])
    write_lines(Path("empty"), [])
    for says, other in cases.items():
        reason = paired_of(a, other)
        assert isinstance(reason, str)
        assert says in reason


def test_rows_of_unknown_data_are_compared_by_what_they_hold() -> None:
    a = write_run("a", RIGHT["a"])
    b = write_run("b", RIGHT["b"], data_fingerprint=None)
    assert isinstance(paired_of(a, b), PairedComparison)


def test_no_such_run(tmp_path: Path) -> None:
    a = write_run("a", RIGHT["a"])
    Path("other").mkdir()
    for wrong in ("nope", "other"):
        with pytest.raises(ArtifactError, match=f"{wrong}: no such run folder") as caught:
            compare_runs([a, Path(wrong)])
        assert "gru-sent runs" in caught.value.hint
