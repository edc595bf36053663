"""`gru-sent predict --input`: options, exit codes and what is said."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gru_sentiment.cli import predict as module
from gru_sentiment.cli.app import app
from gru_sentiment.machine import progress as counting
from gru_sentiment.trained.scoring import TOKENS_PER_BATCH

Command = Callable[..., Result]


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    path = tmp_path / "in.txt"
    path.write_text("a great film\n\nawful\n", "utf-8")
    return path


def piped(content: bytes, *arguments: object) -> Result:
    """`gru-sent predict` with this as its standard input."""
    return CliRunner().invoke(app, ["predict", *map(str, arguments)], input=content)


def plain(message: str) -> str:
    """What stands in a frame, in one line."""
    return " ".join(message.replace("│", " ").split())


def test_a_file_to_the_output(gru_sent: Command, run: Path, texts: Path) -> None:
    result = gru_sent("predict", "--input", texts, "--run", run)
    assert result.exit_code == 0
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [list(row) for row in rows] == [
        ["row", "label", "probabilities", "tokens", "unknown_share", "truncated"]
    ] * 3
    assert [row["tokens"] for row in rows] == [3, 0, 1]
    assert re.fullmatch(r"3 rows in \d+ s, [\d,]+ rows/s\n", result.stderr)


def test_the_answer_is_that_to_the_text_alone(gru_sent: Command, run: Path, texts: Path) -> None:
    first = json.loads(gru_sent("predict", "-i", texts).stdout.splitlines()[0])
    alone = json.loads(gru_sent("predict", "a great film", "--json").stdout)
    assert first["label"] == alone["label"]
    assert first["probabilities"] == pytest.approx(alone["probabilities"], abs=1e-6)


def test_the_standard_input_is_text_unless_told(run: Path) -> None:
    result = piped(b"great\n{}\n", "--input", "-", "--quiet")
    assert (result.exit_code, result.stderr) == (0, "")
    assert [json.loads(line)["row"] for line in result.stdout.splitlines()] == [1, 2]
    result = piped(b"id,text\n7,great\n", "-i", "-", "--format", "csv", "--keep-columns", "-q")
    header, row = result.stdout.splitlines()
    assert header.startswith("row,id,text,label,probability_negative,probability_positive,tokens,")
    assert row.startswith("1,7,great,")


def test_bad_rows_are_counted_and_told(run: Path, tmp_path: Path) -> None:
    content = b'{"text": "great"}\nx\n{}\n'
    arguments = ["--input", "-", "--format", "jsonl", "--output"]
    result = piped(content, *arguments, "out.jsonl")
    assert (result.exit_code, result.stdout) == (4, "")
    assert "; 2 bad rows, the first: row 2: not valid JSON" in result.stderr
    assert len((tmp_path / "out.jsonl").read_text("utf-8").splitlines()) == 3
    assert piped(content, *arguments, "quiet.jsonl", "-q").exit_code == 4
    strict = piped(content, *arguments, "strict.jsonl", "--strict")
    assert strict.exit_code == 2
    assert strict.stderr.startswith("error: row 2: not valid JSON")


def test_an_output_goes_on_or_is_replaced(gru_sent: Command, run: Path, texts: Path) -> None:
    arguments = ["predict", "--input", texts, "--output", "out.jsonl"]
    assert gru_sent(*arguments).exit_code == 0
    whole = Path("out.jsonl").read_bytes()
    refused = gru_sent(*arguments)
    assert refused.exit_code == 2
    assert "out.jsonl: exists already" in refused.stderr
    Path("out.jsonl").write_bytes(whole[:-30])
    resumed = gru_sent(*arguments, "--resume")
    assert resumed.exit_code == 0
    assert "after 2 rows of the interrupted job" in resumed.stderr
    assert Path("out.jsonl").read_bytes() == whole
    assert gru_sent(*arguments, "--force", "--batch-tokens", 1).exit_code == 0
    assert len(Path("out.jsonl").read_bytes().splitlines()) == 3
    parquet = gru_sent("predict", "-i", texts, "-o", "out.parquet", "--resume")
    assert parquet.exit_code == 2
    assert "a parquet file that was not finished cannot be read" in parquet.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], 'give a text to predict, "TEXT", or a file of them, --input FILE'),
        (
            ["--output", "x.jsonl"],
            'give a text to predict, "TEXT", or a file of them, --input FILE',
        ),
        (["great", "--input", "in.txt"], "give TEXT or --input, not both"),
        (["great", "--output", "x", "--strict"], "--output, --strict: only with --input"),
        (["--input", "in.txt", "--json"], "choose --output-format jsonl"),
        (["--input", "in.txt", "--resume", "--force"], "--resume or --force, not both"),
        (["--input", "in.txt", "--format", "xml"], "'xml' is not one of"),
        (["--input", "in.txt", "--batch-tokens", "32769"], "less than or equal to 32768"),
    ],
)
def test_options_that_do_not_fit(
    gru_sent: Command, tmp_path: Path, arguments: list[str], says: str
) -> None:
    result = gru_sent("predict", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert says in plain(result.stderr)
    assert list(tmp_path.glob("x*")) == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--input", "nope.txt"], "nope.txt: no such file"),
        (["--input", "in.log"], "unknown kind of file '.log'"),
        (["--input", "in.txt", "--output", "in.txt", "--force"], "in.txt: is the input"),
        (["--input", "in.txt", "--output", "nope/out.csv"], "cannot be written: No such file"),
        (["--input", "-", "--format", "parquet"], "parquet cannot be read from a stream"),
        (["--input", "in.txt", "--resume"], "needs an output that is a file"),
    ],
)
def test_files_that_do_not_fit(
    gru_sent: Command, run: Path, texts: Path, arguments: list[str], says: str
) -> None:
    result = gru_sent("predict", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("error: ")
    assert says in result.stderr


def test_as_many_words_at_once_as_a_run_answers() -> None:
    assert module.MOST_TOKENS == TOKENS_PER_BATCH


def test_a_bar_on_a_terminal(
    gru_sent: Command, run: Path, texts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "on_terminal", lambda stream: True)
    shown = gru_sent("predict", "--input", texts, "--output", "a.jsonl")
    assert "\rpredicting: " in shown.stderr
    assert "\r" not in gru_sent("predict", "-i", texts, "-o", "b.jsonl", "-q").stderr


def test_a_line_now_and_then_elsewhere(
    gru_sent: Command, run: Path, texts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "LINE_EVERY_S", 0.0)
    assert "predicting: 3 rows, " in gru_sent("predict", "-i", texts, "-o", "a.jsonl").stderr
    assert "answering" not in gru_sent("predict", "-i", texts, "-o", "b.jsonl", "-q").stderr
