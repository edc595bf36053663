"""Saved predictions: what is compared with them must be about the same rows and classes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gru_sentiment.errors import DataError
from gru_sentiment.scores.saved import read_predictions

CLASSES = ["bad", "good"]


def line(row: int, true: object, label: object, **others: Any) -> dict[str, Any]:
    return {
        "row": row,
        "true": true,
        "label": label,
        "probabilities": {"bad": 0.5, "good": 0.5},
    } | (others)


LINES = [line(4, "bad", "bad"), line(6, "good", "bad"), line(9, "good", "good")]
ROWS, TRUE = np.array([3, 5, 8]), ["bad", "good", "good"]


def write(tmp_path: Path, lines: list[Any]) -> Path:
    path = tmp_path / "p.jsonl"
    path.write_text("".join(json.dumps(value) + "\n" for value in lines), "utf-8")
    return path


def test_which_rows_are_right(tmp_path: Path) -> None:
    saved = read_predictions(write(tmp_path, LINES))
    assert saved.correct_on(ROWS, TRUE, CLASSES).tolist() == [True, False, True]
    assert saved.correct_on(ROWS, TRUE, CLASSES[::-1]).tolist() == [True, False, True]


def test_classes_may_hold_what_looks_like_the_end_of_a_line(tmp_path: Path) -> None:
    odd = "a\u2028b\u0085c"
    lines = [line(i, odd, odd, probabilities={odd: 1.0, "x": 0.0}) for i in (1, 2)]
    text = "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in lines)
    (tmp_path / "p.jsonl").write_text(text, "utf-8")
    saved = read_predictions(tmp_path / "p.jsonl")
    assert saved.correct_on(np.arange(2), [odd, odd], [odd, "x"]).all()


def test_integer_classes_are_known_by_their_names(tmp_path: Path) -> None:
    probabilities = {"1": 0.4, "5": 0.6}
    saved = read_predictions(write(tmp_path, [line(1, 5, 5, probabilities=probabilities)]))
    assert saved.correct_on(np.array([0]), ["5"], ["1", "5"]).tolist() == [True]


@pytest.mark.parametrize(
    ("rows", "true", "classes", "says"),
    [
        (ROWS[:2], TRUE[:2], CLASSES, "holds 3 rows and 2 are scored"),
        (np.array([3, 5, 9]), TRUE, CLASSES, "holds other rows"),
        (np.array([5, 3, 8]), TRUE, CLASSES, "in another order"),
        (ROWS, ["bad", "bad", "bad"], CLASSES, r"row 6 is 'good' there and 'bad' here \(2 such"),
        (
            ROWS,
            TRUE,
            ["bad", "good", "odd"],
            "has the classes bad, good; the run has bad, good, odd",
        ),
    ],
)
def test_other_rows_or_classes_are_refused(
    tmp_path: Path, rows: np.ndarray, true: list[str], classes: list[str], says: str
) -> None:
    saved = read_predictions(write(tmp_path, LINES))
    with pytest.raises(DataError, match=says) as caught:
        saved.correct_on(rows, true, classes)
    assert str(saved.path) in caught.value.cause
    assert caught.value.hint


@pytest.mark.parametrize(
    "wrong",
    [
        {"row": 1, "true": "bad", "label": "bad"},
        {"row": "1", "true": "bad", "label": "bad", "probabilities": {}},
        {"row": True, "true": "bad", "label": "bad", "probabilities": {}},
        {"row": 1, "label": "bad", "probabilities": {}},
        {"row": 1, "true": "bad", "label": "bad", "probabilities": [1]},
        ["row"],
        "row",
        7,
        None,
    ],
)
def test_a_line_of_another_form(tmp_path: Path, wrong: object) -> None:
    with pytest.raises(DataError, match="line 2 is not an object with row, true, label and"):
        read_predictions(write(tmp_path, [LINES[0], wrong]))


def test_lines_of_two_models(tmp_path: Path) -> None:
    other = line(4, "bad", "bad", probabilities={"a": 1.0, "b": 0.0})
    with pytest.raises(DataError, match="do not all have the same classes"):
        read_predictions(write(tmp_path, [LINES[0], other]))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "the file is empty"),
        (b"\xff\xfe", "byte 0 is not UTF-8"),
        (b"text,label\n", "line 1 is not"),
        (b"[" * 100_000, "line 1 is not"),
        (b"\n", "the file is empty"),
    ],
)
def test_files_of_another_kind(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "p.jsonl"
    path.write_bytes(content)
    with pytest.raises(DataError, match=says):
        read_predictions(path)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"p\.jsonl: cannot be read: No such file") as caught:
        read_predictions(tmp_path / "p.jsonl")
    assert "a run folder, or a file that evaluate --predictions wrote" in caught.value.hint


def test_probabilities_in_the_order_of_the_classes(tmp_path: Path) -> None:
    lines = [
        line(0, "bad", "good", probabilities={"bad": 0.25, "good": 0.75}),
        line(1, "good", "good", probabilities={"bad": 0, "good": 1}),
    ]
    saved = read_predictions(write(tmp_path, lines))
    probabilities, true = saved.probabilities_of(["good", "bad"])
    assert probabilities.tolist() == [[0.75, 0.25], [1, 0]]
    assert true.tolist() == [1, 0]
    with pytest.raises(DataError, match="has the classes bad, good; the run has bad, great"):
        saved.probabilities_of(["bad", "great"])


@pytest.mark.parametrize("value", [None, "0.5", True, -0.1, 1.1, float("nan"), [0.5]])
def test_probabilities_that_are_none(tmp_path: Path, value: object) -> None:
    lines = [line(0, "bad", "good", probabilities={"bad": 0.5, "good": value})]
    with pytest.raises(DataError, match="not numbers from 0 to 1"):
        read_predictions(write(tmp_path, lines)).probabilities_of(CLASSES)


def test_a_true_class_that_the_run_does_not_know(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="true class 'great' is no class of the run"):
        read_predictions(write(tmp_path, [line(0, "great", "good")])).probabilities_of(CLASSES)
