"""What `gru-sent init` shows of a file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from rich.console import Console

from gru_sentiment.reporting.survey import survey_report
from gru_sentiment.results.survey import Survey

SURVEY = Survey(
    path=Path("a.csv"),
    dialect={"delimiter": ";"},
    text_column="[note]",
    label_column="rating",
    classes={f"class {i:02}": 10 for i in range(22)},
    words={50: 12, 95: 1_234, 100: 2_000},
    language="en",
    start="bundled/classifier",
)


def test_all_of_it() -> None:
    console = Console(width=90)
    with console.capture() as capture:
        console.print(survey_report(SURVEY))
    shown = [line.strip() for line in capture.get().splitlines() if line.strip()]
    assert shown[:6] == [
        "a.csv: 220 texts",
        "texts: column [note]; labels: column rating",
        "delimiter: ;",
        "language: en",
        "words of a text: 50 % 12, 95 % 1,234, longest 2,000",
        "the labels rate sentiment: training starts from the model in the package",
    ]
    assert shown[-2].split() == ["class", "19", "10", "(4.5%)"]
    assert shown[-1] == "and 2 more"


def test_what_keeps_a_run_in_the_package_from_being_a_start() -> None:
    console = Console(width=200)
    with console.capture() as capture:
        console.print(survey_report(replace(SURVEY, start=None, read_before=True)))
    assert "a model in the package has read these texts in training" in capture.get()
    assert "training starts from" not in capture.get()


def test_label_sets() -> None:
    console = Console(width=200)
    with console.capture() as capture:
        console.print(survey_report(replace(SURVEY, label_sets=100, label_separator="|")))
    assert "a.csv: 100 texts" in capture.get()
    assert "a text has any number of classes, with | between them" in capture.get()
