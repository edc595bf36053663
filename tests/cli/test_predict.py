"""`gru-sent predict`: a sentence for people, JSON for programs."""

from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest
from typer.testing import Result


def test_says_the_label_and_its_probability(gru_sent: Callable[..., Result], run: Path) -> None:
    result = gru_sent("predict", "the film was great", "--run", run)
    assert result.exit_code == 0
    assert re.fullmatch(r"(negative|positive) \(\d+\.\d%\)\n", result.stdout)


def test_json_has_the_label_and_every_probability(
    gru_sent: Callable[..., Result], run: Path
) -> None:
    result = gru_sent("predict", "the film was great zyx", "--json")
    assert result.exit_code == 0
    answer = json.loads(result.stdout)
    assert set(answer) == {"label", "probabilities", "tokens", "unknown_share", "truncated"}
    assert list(answer["probabilities"]) == ["negative", "positive"]
    assert sum(answer["probabilities"].values()) == pytest.approx(1)
    assert answer["label"] == max(answer["probabilities"], key=answer["probabilities"].get)
    assert (answer["tokens"], answer["unknown_share"], answer["truncated"]) == (5, 0.2, False)
    assert result.stdout.count("\n") == 1
    assert result.stderr == ""


def test_integer_classes_are_integers_in_json(
    gru_sent: Callable[..., Result], tiny_config: Path, reviews_csv: Path
) -> None:
    text = reviews_csv.read_text("utf-8")
    reviews_csv.write_text(text.replace(",negative", ",0").replace(",positive", ",1"), "utf-8")
    assert gru_sent("train", "-c", tiny_config, "-q").exit_code == 0
    answer = json.loads(gru_sent("predict", "great", "--json").stdout)
    assert answer["label"] in (0, 1)
    assert set(answer["probabilities"]) == {"0", "1"}


@pytest.mark.parametrize(
    ("text", "remark"),
    [
        ("", "the text holds no token"),
        (" \n ", "the text holds no token"),
        ("zyx", "the model knows no token"),
        ("film " * 21, "the model read 20 tokens"),
    ],
)
def test_what_the_answer_rests_on_is_said(
    gru_sent: Callable[..., Result], run: Path, text: str, remark: str
) -> None:
    result = gru_sent("predict", text)
    assert result.exit_code == 0
    assert remark in result.stdout
    assert remark not in gru_sent("predict", "the film was great").stdout


@pytest.mark.parametrize(("tokens", "read"), [(1, 1), (100_000, 20)])
def test_a_review_of_any_length(
    gru_sent: Callable[..., Result], run: Path, tokens: int, read: int
) -> None:
    result = gru_sent("predict", "film " * tokens, "--json")
    assert result.exit_code == 0
    answer = json.loads(result.stdout)
    assert (answer["tokens"], answer["truncated"]) == (read, tokens > read)


def test_a_text_whose_bytes_are_not_utf8(gru_sent: Callable[..., Result], run: Path) -> None:
    # as python decodes such an argument
    text = os.fsdecode(b"a caf\xe9 film")
    result = gru_sent("predict", text)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "not UTF-8" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_text_that_starts_with_a_dash(gru_sent: Callable[..., Result], run: Path) -> None:
    assert gru_sent("predict", "--", "--great film").exit_code == 0


def test_the_newest_run_answers(
    gru_sent: Callable[..., Result], run: Path, tiny_config: Path
) -> None:
    assert gru_sent("train", "-c", tiny_config, "-q", "--set", "run.seed=9").exit_code == 0
    newest, old, new = (
        gru_sent("predict", "great film", "--json", *where).stdout
        for where in ([], ["--run", run], ["--run", "runs/tiny-2"])
    )
    assert newest == new != old


@pytest.mark.parametrize("command", [["predict", "great", "--run"], ["evaluate"]])
def test_a_run_that_is_not_there(
    gru_sent: Callable[..., Result], run: Path, command: list[str]
) -> None:
    result = gru_sent(*command, "runs/nope")
    assert result.exit_code == 2
    assert "runs/nope: no such run folder" in result.stderr
    assert f"runs here: {run}\n" in result.stderr


@pytest.mark.parametrize("threshold", ["0", "1", "-0.5", "nan"])
def test_what_is_no_threshold(gru_sent: Callable[..., Result], run: Path, threshold: str) -> None:
    Path("in.csv").write_text("text\ngreat\n", "utf-8")
    for what in (["great"], ["--input", "in.csv", "--output", "out.csv"]):
        result = gru_sent("predict", *what, f"--threshold={threshold}")
        assert result.exit_code == 2
        assert "expected a number between 0 and 1" in result.stderr
    assert not Path("out.csv").exists()


def test_below_a_probability_no_class_is_predicted(
    gru_sent: Callable[..., Result], run: Path
) -> None:
    text = "the film was great"
    sure = json.loads(gru_sent("predict", text, "--json").stdout)
    likeliest, probability = sure["label"], max(sure["probabilities"].values())
    result = gru_sent("predict", text, "--abstain", probability + 1e-6, "--json")
    assert json.loads(result.stdout) == sure | {"label": None}
    assert gru_sent("predict", text, "--abstain", probability, "--json").stdout == (
        gru_sent("predict", text, "--json").stdout
    )
    shown = gru_sent("predict", text, "--abstain", 1).stdout
    assert shown == f"undecided ({likeliest}: {probability:.1%})\n"
    shown = gru_sent("predict", text, "--abstain", 1, "--undecided", "unsure").stdout
    assert shown == f"unsure ({likeliest}: {probability:.1%})\n"


def test_undecided_needs_abstain(gru_sent: Callable[..., Result], run: Path) -> None:
    result = gru_sent("predict", "great", "--undecided", "unsure")
    assert result.exit_code == 2
    assert "--undecided: only with --abstain" in result.stderr


@pytest.mark.parametrize(
    ("name", "label"), [("a.jsonl", None), ("a.csv", ""), ("a.tsv", ""), ("a.parquet", None)]
)
@pytest.mark.parametrize("undecided", [None, "unsure"])
@pytest.mark.usefixtures("run")
def test_rows_without_a_class(
    gru_sent: Callable[..., Result],
    reviews_csv: Path,
    name: str,
    label: str | None,
    undecided: str | None,
) -> None:
    more = ["--undecided", undecided] if undecided else []
    target = reviews_csv.with_name(name)
    result = gru_sent("predict", "-i", reviews_csv, "-o", target, "--abstain", 1, *more)
    assert result.exit_code == 0, result.stderr
    assert labels_of(target) == [undecided or label] * 80


def labels_of(path: Path) -> list[Any]:
    if path.suffix == ".parquet":
        labels: list[Any] = pyarrow.parquet.read_table(path)["label"].to_pylist()
        return labels
    lines = path.read_text("utf-8").splitlines()
    if path.suffix == ".jsonl":
        return [json.loads(line)["label"] for line in lines]
    return [
        row["label"]
        for row in csv.DictReader(lines, delimiter="\t" if path.suffix == ".tsv" else ",")
    ]
