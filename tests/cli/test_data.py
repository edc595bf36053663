"""`gru-sent data check`: what there is to know before training."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result


def test_prints_what_it_found(gru_sent: Callable[..., Result], tiny_config: Path) -> None:
    result = gru_sent("data", "check", "--config", tiny_config)
    assert result.exit_code == 0
    rows = {
        line.split("  ")[1].strip(): line for line in result.stdout.splitlines() if "  " in line
    }
    assert rows["rows"].split() == ["rows", "48", "16", "16"]
    assert rows["negative"].split()[1:3] == ["24", "(50.0%)"]
    assert rows["empty texts"].split()[-3:] == ["0", "0", "0"]
    for words in ("tokens, longest text", "truncated", "out of vocabulary", "duplicate texts"):
        assert words in rows
    assert "texts in both train and test: 0" in result.stdout
    assert "vocabulary: 70 words" in result.stdout
    assert "most frequent words without a vector" in result.stdout
    # none were asked for
    assert "warning: the word vectors cover only" not in result.stdout


def test_json_alone_on_the_output(gru_sent: Callable[..., Result], tiny_config: Path) -> None:
    result = gru_sent("data", "check", "-c", tiny_config, "--json")
    assert result.exit_code == 0
    report = json.loads(result.stdout)
    assert set(report) == {
        "fingerprint",
        "splits",
        "overlaps",
        "vocabulary",
        "coverage",
        "warnings",
        "conflicts",
        "near_duplicates",
    }
    assert report["splits"]["train"]["rows"] == 48
    assert report["splits"]["test"]["labels"] == {"negative": 8, "positive": 8}
    assert len(report["coverage"]["most_frequent_missing"]) == 10


def test_overrides_reach_the_data(gru_sent: Callable[..., Result], tiny_config: Path) -> None:
    options = ["--set", "data.test_size=0", "--set", "data.validation_size=8", "--json"]
    report = json.loads(gru_sent("data", "check", "-c", tiny_config, *options).stdout)
    assert {name: split["rows"] for name, split in report["splits"].items()} == {
        "train": 72,
        "validation": 8,
    }


def test_near_duplicates_between_splits(
    gru_sent: Callable[..., Result], tiny_config: Path, reviews_csv: Path
) -> None:
    long = " ".join(f"word{i}" for i in range(60))
    changed = long.replace("word30", "another")
    test = tiny_config.with_name("test.csv")
    test.write_text(f"text,label\nsome other words,negative\n{changed},positive\n", "utf-8")
    with reviews_csv.open("a", encoding="utf-8") as file:
        file.write(f"{long},positive\n")
    options = ["-c", tiny_config, "--set", f"data.test_path={test}", "--set", "data.seed=1"]
    shown = gru_sent("data", "check", *options)
    assert shown.exit_code == 0, shown.stderr
    assert "near duplicates in train of test: 1 (50.0%)" in shown.stdout
    report = json.loads(gru_sent("data", "check", *options, "--json").stdout)
    (pair,) = report["near_duplicates"]["test"]["train"]
    assert pair == {
        "row": {"split": "test", "row": 2, "label": "positive"},
        "other": {"split": "train", "row": 81, "label": "positive"},
        "similarity": 55 / 61,
    }


def test_leaves_no_run(gru_sent: Callable[..., Result], tiny_config: Path) -> None:
    assert gru_sent("data", "check", "-c", tiny_config).exit_code == 0
    assert not Path("runs").exists()


@pytest.mark.parametrize("what", ["classes", "words"])
def test_what_looks_like_markup_is_shown_as_it_is(
    gru_sent: Callable[..., Result], tiny_config: Path, reviews_csv: Path, what: str
) -> None:
    text = reviews_csv.read_text("utf-8")
    if what == "classes":
        text = text.replace(",negative", ",[/bad]")
    else:
        text = text.replace("the ", "[/bad] ")
    reviews_csv.write_text(text, "utf-8")
    result = gru_sent("data", "check", "-c", tiny_config)
    assert result.exit_code == 0, result.output
    assert "/bad" in result.stdout


def test_suspect_labels(gru_sent: Callable[..., Result], tiny_config: Path) -> None:
    lines = tiny_config.with_name("reviews.csv").read_text("utf-8").splitlines()
    wrong = lines[9].replace(",negative", ",positive")
    assert wrong != lines[9]
    # the same text again and again with the other label
    lines += [lines[9].replace(" number8", f" number{i}") for i in range(100, 130)]
    lines[9] = wrong
    tiny_config.with_name("reviews.csv").write_text("\n".join(lines) + "\n", "utf-8")
    result = gru_sent("data", "check", "-c", tiny_config, "--labels", "--json")
    assert result.exit_code == 0, result.stderr
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert (found[0]["split"], found[0]["row"]) == ("train", 9)
    assert (found[0]["label"], found[0]["suggested"]) == ("positive", "negative")
    shown = gru_sent("data", "check", "-c", tiny_config, "--labels").stdout
    assert f"{len(found)} of 110 labels are suspect" in shown
    assert "train 9" in shown
