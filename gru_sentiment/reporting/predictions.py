"""Predictions for a terminal."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from gru_sentiment.reporting.units import count_of, duration
from gru_sentiment.results.predictions import FileScoring, Prediction

BAR = 30
"""Characters of a full probability bar."""


def prediction_report(prediction: Prediction, *, terminal: bool) -> RenderableType:
    """The label and its probability; on a terminal a bar for every class."""
    probability = prediction.probabilities[str(prediction.label)]
    lines = [Text(f"{prediction.label} ({probability:.1%})")]
    if terminal:
        width = max(map(len, prediction.probabilities))
        for name, value in prediction.probabilities.items():
            lines.append(Text(f"  {name:>{width}} {value:6.1%} {'█' * round(BAR * value)}"))
    if prediction.tokens == 0:
        lines.append(Text("the text holds no word; this is what the model says of nothing"))
    elif prediction.unknown_tokens == prediction.tokens:
        lines.append(Text("none of the words is known to the model"))
    if prediction.truncated:
        lines.append(Text(f"only {prediction.tokens:,} words were read, the middle was left out"))
    return Group(*lines)


def scoring_line(scoring: FileScoring) -> str:
    """How many rows were answered, how many were bad, and how fast it went."""
    rows = scoring.rows - scoring.done_before
    after = f" after the {scoring.done_before:,} that were done" if scoring.done_before else ""
    line = (
        f"{count_of(rows)}{after} in {duration(scoring.elapsed_s)}, "
        f"{rows / scoring.elapsed_s:,.0f} rows/s"
    )
    if not scoring.bad_rows:
        return line
    return f"{line}; {count_of(scoring.bad_rows, 'bad row')}, the first: {scoring.first_error}"
