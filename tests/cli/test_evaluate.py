"""`gru-sent evaluate`: a table for people, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

KEYS = {
    "run",
    "data",
    "n",
    "loss",
    "accuracy",
    "accuracy_interval",
    "balanced_accuracy",
    "macro_precision",
    "macro_recall",
    "macro_f1",
    "mcc",
    "roc_auc",
    "average_precision",
    "brier",
    "ece",
    "per_class",
    "confusion_matrix",
    "absent_classes",
    "empty_texts",
    "tokens",
    "elapsed_s",
    "tokens_per_s",
}


def test_prints_scores_and_where_the_errors_are(gru_sent: Callable[..., Result], run: Path) -> None:
    result = gru_sent("evaluate", run)
    assert result.exit_code == 0
    assert result.stdout.startswith(f"{run} on test\n")
    for words in ("accuracy", "ROC AUC", "f1 of positive", "true \\ predicted"):
        assert words in result.stdout
    assert "no word" not in result.stdout


@pytest.mark.parametrize("split", ["validation", "test"])
def test_json_alone_on_the_output(gru_sent: Callable[..., Result], run: Path, split: str) -> None:
    result = gru_sent("evaluate", run, "--split", split, "--json", "-")
    assert result.exit_code == 0
    scores = json.loads(result.stdout)
    assert set(scores) == KEYS
    stored = json.loads((run / "metrics.json").read_text("utf-8"))[split]
    assert (scores["run"], scores["data"]) == (str(run), split)
    for name in ("n", "loss", "accuracy", "confusion_matrix", "per_class"):
        assert scores[name] == stored[name]


def test_json_to_a_file_beside_the_table(
    gru_sent: Callable[..., Result], run: Path, tmp_path: Path
) -> None:
    result = gru_sent("evaluate", run, "--json", tmp_path / "scores.json")
    assert result.exit_code == 0
    assert "accuracy" in result.stdout
    scores = json.loads((tmp_path / "scores.json").read_text("utf-8"))
    assert set(scores) == KEYS


@pytest.mark.parametrize("target", ["no-such-folder/scores.json", "runs"])
def test_json_that_cannot_be_written(
    gru_sent: Callable[..., Result], run: Path, target: str
) -> None:
    result = gru_sent("evaluate", run, "--json", target)
    assert result.exit_code == 2
    assert f"--json {target}: cannot be written" in result.stderr
    assert "Traceback" not in result.stderr


def test_the_latest_run_by_its_name(gru_sent: Callable[..., Result], run: Path) -> None:
    result = gru_sent("evaluate", "--json", "-")
    assert json.loads(result.stdout)["run"] == str(run)


def test_a_file_instead(
    gru_sent: Callable[..., Result], run: Path, tmp_path: Path, reviews_csv: Path
) -> None:
    data = tmp_path / "own.jsonl"
    rows = [("great", "positive"), ("", "negative"), ("awful", "negative")]
    data.write_text(
        "\n".join(json.dumps({"text": text, "label": label}) for text, label in rows), "utf-8"
    )
    result = gru_sent("evaluate", "--data", data, "--json", "-")
    scores = json.loads(result.stdout)
    assert (scores["n"], scores["empty_texts"], scores["data"]) == (3, 1, str(data))
    table = gru_sent("evaluate", "--data", data)
    assert "1 text holds no token" in table.stdout


def test_a_file_whose_name_looks_like_markup(
    gru_sent: Callable[..., Result], run: Path, tmp_path: Path
) -> None:
    data = tmp_path / "[bold][x].csv"
    data.write_text("text,label\ngreat,positive\n", "utf-8")
    result = gru_sent("evaluate", "--data", "[bold][x].csv")
    assert result.exit_code == 0
    # the headline, the table's head, and the line about the class without rows
    assert result.stdout.count("[bold][x].csv") == 3


def test_split_and_data_exclude_each_other(
    gru_sent: Callable[..., Result], run: Path, reviews_csv: Path
) -> None:
    result = gru_sent("evaluate", run, "--split", "test", "--data", reviews_csv)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "give one of them" in result.stderr


def test_quiet_prints_the_result_only(gru_sent: Callable[..., Result], run: Path) -> None:
    loud, quiet = gru_sent("evaluate", run), gru_sent("evaluate", run, "--quiet")
    assert "scoring 16 texts" in loud.stderr
    assert quiet.stderr == ""
    assert "accuracy" in quiet.stdout


def test_not_ascii_stays_readable(
    gru_sent: Callable[..., Result], tiny_config: Path, reviews_csv: Path
) -> None:
    text = reviews_csv.read_text("utf-8")
    reviews_csv.write_text(text.replace(",negative", ",schlecht ✗").replace(",positive", ",schön"))
    assert gru_sent("train", "-c", tiny_config, "-q").exit_code == 0
    result = gru_sent("evaluate", "--json", "-")
    assert "schlecht ✗" in result.stdout
    assert list(json.loads(result.stdout)["per_class"]) == ["schlecht ✗", "schön"]


def test_a_threshold_is_printed_as_predict_takes_it(
    gru_sent: Callable[..., Result], run: Path
) -> None:
    result = gru_sent("evaluate", run, "--threshold", "recall.positive=0.9")
    assert result.exit_code == 0, result.output
    (command,) = [line for line in result.stdout.splitlines() if "predict --threshold" in line]
    number = command.rpartition(" ")[2]
    values = json.loads(
        gru_sent("evaluate", run, "--threshold", "recall.positive=0.9", "--json", "-").stdout
    )
    found = values["threshold"]
    assert (found["by"], found["positive"], found["of"]) == (
        "recall.positive=0.9",
        "positive",
        "positive",
    )
    assert number == repr(found["threshold"])
    assert {scores["data"] for scores in found["scores"]} == {"validation", "test"}
    assert all(s["recall"] >= 0.9 for s in found["scores"][1:2])
    plain = json.loads(gru_sent("predict", "the film", "--run", run, "--json").stdout)
    decided = json.loads(
        gru_sent("predict", "the film", "--run", run, "--json", "--threshold", number).stdout
    )
    positive = plain["probabilities"]["positive"] >= float(number)
    assert decided["label"] == ("positive" if positive else "negative")
    assert decided["probabilities"] == plain["probabilities"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--threshold", "loss"], "--threshold loss: cannot be understood"),
        (["--threshold", "f1.good"], "there is no class 'good'"),
        (["--threshold", "f1", "--suite", "all"], "--threshold: --suite alone scores no rows"),
    ],
)
def test_a_threshold_that_cannot_be_found(
    gru_sent: Callable[..., Result], run: Path, options: list[str], message: str
) -> None:
    result = gru_sent("evaluate", run, *options)
    assert result.exit_code == 2
    assert message in result.stderr
