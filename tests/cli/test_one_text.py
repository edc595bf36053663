"""The plainest command lines of `predict`, read without Typer: the same output, fewer libraries."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from gru_sentiment.cli import one_text
from gru_sentiment.reporting import console as module

PROGRAM = "from gru_sentiment.cli.main import main; main()"
MEASURED = """\
import json, re, sys
from pathlib import Path
from gru_sentiment.cli.main import main
heavy = ("torch", "spacy", "pandas", "pyarrow", "datasets", "pydantic", "sklearn", "scipy", "tqdm",
         "typer", "rich", "yaml")
try:
    main()
finally:
    # the largest size that is told when the process ends would be that of the one that started it
    status = Path("/proc/self/status").read_text("utf-8")
    kilobytes = int(re.search(r"VmHWM:\\s+([0-9]+)", status)[1])
    print(json.dumps([[m for m in heavy if m in sys.modules], kilobytes]), file=sys.stderr)
"""
MOST_KILOBYTES = 120 << 10

LINES = [
    ["great film"],
    ["great film", "--json"],
    ["--json", "--", "--great film"],
    ["--run=runs/tiny", "the film was awful"],
    ["--run", "runs/tiny", "", "--quiet"],
    ["--threshold", "0.25", "great", "--json"],
    ["--abstain=1", "great"],
    ["--abstain", "1", "--undecided", "unsure", "great"],
    ["--device", "cpu", "--threads", "2", "great", "-q"],
    ["--offline", "great", "--debug"],
    ["film " * 30],
    ["zyx wvu"],
    ["--run", "runs/nope", "great"],
    ["--threshold", "7", "great"],
    ["--undecided", "positive", "--abstain", "0.5", "great"],
]
LEFT_TO_TYPER = [
    [],
    ["--help"],
    ["great", "-h"],
    ["great", "film"],
    ["--"],
    ["-great"],
    ["-5 stars"],
    ["--", "a", "b"],
    ["great", "--run"],
    ["great", "--run", "-x"],
    ["great", "--run="],
    ["great", "--runs", "x"],
    ["great", "--json=1"],
    ["great", "--json", "--json"],
    ["great", "--run", "a", "--run", "b"],
    ["great", "--threads", "0"],
    ["great", "--threads", "x"],
    ["great", "--threads", "1_0"],
    ["great", "--threshold", "nan"],
    ["great", "--threshold", "-1"],
    ["great", "--threshold", "1e-3"],
    ["great", "--abstain", "٣"],
    ["great", "--device", "cuda"],
    ["great", "--device", "tpu"],
    ["great", "--undecided", "unsure"],
    ["great", "--input", "in.csv"],
    ["--input", "in.csv"],
    ["great", "-i", "in.csv"],
    ["great", "--strict"],
]


def program(*arguments: str, code: str = PROGRAM) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "CI"}
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )


@pytest.mark.parametrize("line", LINES, ids=" ".join)
@pytest.mark.usefixtures("run")
def test_prints_and_ends_as_with_typer(
    gru_sent: Callable[..., Result],
    line: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    expected = gru_sent("predict", *line)
    parameters = one_text.parsed(["predict", *line])
    assert parameters is not None
    code = 0
    try:
        one_text.run(parameters)
    except SystemExit as end:
        code = int(str(end.code))
    output, messages = capsys.readouterr()
    assert (code, output, messages) == (expected.exit_code, expected.stdout, expected.stderr)


@pytest.mark.parametrize("line", LEFT_TO_TYPER, ids=" ".join)
def test_what_is_left_to_typer(line: list[str]) -> None:
    assert one_text.parsed(["predict", *line]) is None


@pytest.mark.parametrize("arguments", [[], ["--version"], ["runs"], ["predicts", "great"]])
def test_other_commands_are_left_to_typer(arguments: list[str]) -> None:
    assert one_text.parsed(arguments) is None


def test_completion_is_left_to_typer(monkeypatch: pytest.MonkeyPatch) -> None:
    assert one_text.parsed(["predict", "great"]) is not None
    monkeypatch.setenv("_GRU_SENT_COMPLETE", "complete_bash")
    assert one_text.parsed(["predict", "great"]) is None


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("options", [[], ["--json"], ["--run", "bundled", "--threads", "1"]])
def test_loads_nothing_heavy_and_stays_small(options: list[str]) -> None:
    done = program("predict", "Not bad at all.", *options, code=MEASURED)
    assert done.returncode == 0, done.stderr
    assert "positive" in done.stdout
    heavy, kilobytes = json.loads(done.stderr.splitlines()[-1])
    assert heavy == []
    assert kilobytes < MOST_KILOBYTES


def test_an_error_is_a_message() -> None:
    done = program("predict", "great", "--run", "runs/nope")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("error: runs/nope: no such run folder\n")


def test_a_line_that_typer_reads() -> None:
    done = program("predict", "great", "film")
    assert done.returncode == 2
    assert "must be quoted" in done.stderr


@pytest.mark.parametrize("width", ["40", "80", "200"])
@pytest.mark.parametrize("terminal", [False, True])
@pytest.mark.parametrize(
    "lines",
    [
        ["positive (85.0%)"],
        ["positive (85.0%)", "  negative  15.0% ████", "  positive  85.0% ██████████"],
        ["a" * 39, "b" * 40, "c" * 79],
        ["word " * 60],
        ["[bold]né好[/] (50.0%)"],
        ["tab\tand\x07bell (50.0%)"],
    ],
)
def test_lines_are_printed_as_rich_prints_them(
    lines: list[str],
    terminal: bool,
    width: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from rich.console import Group
    from rich.text import Text

    monkeypatch.setenv("COLUMNS", width)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal, raising=False)
    module.console().print(Group(*map(Text, lines)))
    expected = capsys.readouterr().out
    module.print_lines(lines)
    assert capsys.readouterr().out == expected
    assert module.is_terminal() == module.console().is_terminal


@pytest.mark.parametrize("variable", ["FORCE_COLOR", "TTY_COMPATIBLE"])
def test_rich_decides_what_a_terminal_is(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, "1")
    assert module.is_terminal() == module.console().is_terminal


def test_the_threads_are_those_of_the_option() -> None:
    code = PROGRAM.replace(
        "main()",
        "from gru_sentiment.inference import layers\n"
        "run = layers.run_layer\n"
        "layers.run_layer = lambda *given: print(given[0]) or run(*given)\n"
        "main()",
    )
    assert "numpy" not in PROGRAM
    done = program("predict", "great", "--threads", "3", code=code)
    assert done.stdout.startswith("3\n")
    assert re.search(r"(positive|negative) \(", done.stdout)


def test_paths_are_paths() -> None:
    parameters = one_text.parsed(["predict", "great", "--run", "runs/a", "--threads", "7"])
    assert parameters == {"text": "great", "run": Path("runs/a"), "threads": 7}
