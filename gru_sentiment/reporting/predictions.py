"""Predictions for a terminal."""

from __future__ import annotations

from gru_sentiment.reporting.console import BLOCK
from gru_sentiment.reporting.numbers import count_of, duration
from gru_sentiment.results.predictions import FileScoring, Prediction

BAR = 30
"""Characters of the bar for a probability of 1."""


def prediction_lines(prediction: Prediction, *, terminal: bool) -> list[str]:
    """The class and its probability; on a terminal a bar for every class.

    A line says where the prediction rests on no text, on unknown tokens alone, or on a text that
    was cut.
    """
    lines = [_label(prediction)]
    if terminal:
        width = max(map(len, prediction.probabilities))
        for name, value in prediction.probabilities.items():
            lines.append(f"  {name:>{width}} {value:6.1%} {BLOCK * round(BAR * value)}")
    if prediction.tokens == 0:
        lines.append("the text holds no token: the prediction says nothing about it")
    elif prediction.unknown_tokens == prediction.tokens:
        lines.append("the model knows no token of the text: the prediction says nothing about it")
    elif prediction.mostly_unknown:
        lines.append("most words are unknown to the model: is it one for this language?")
    if prediction.truncated:
        lines.append(f"the model read {prediction.tokens:,} tokens, without the middle part")
    return lines


def _label(prediction: Prediction) -> str:
    """The predicted classes with their probabilities; where there is none the likeliest class."""
    if isinstance(prediction.label, list) and prediction.label:
        found = ((name, prediction.probabilities[str(name)]) for name in prediction.label)
        return ", ".join(f"{name} ({probability:.1%})" for name, probability in found)
    probability = prediction.probabilities.get(str(prediction.label))
    if probability is not None:
        return f"{prediction.label} ({probability:.1%})"
    likeliest = max(prediction.probabilities, key=lambda name: prediction.probabilities[name])
    undecided = "undecided" if prediction.label is None else prediction.label or "no class"
    return f"{undecided} ({likeliest}: {prediction.probabilities[likeliest]:.1%})"


def scoring_line(scoring: FileScoring) -> str:
    """How many rows were predicted, how many could not be read, and how fast it went."""
    rows = scoring.rows - scoring.done_before
    line = (
        f"{count_of(rows)} in {duration(scoring.elapsed_s)}, {rows / scoring.elapsed_s:,.0f} rows/s"
    )
    if scoring.done_before:
        line += f", after {count_of(scoring.done_before)} of the interrupted job"
    if scoring.mostly_unknown > rows / 2:
        line += (
            f"; in {scoring.mostly_unknown:,} of {count_of(rows)} most words are unknown to the "
            "model: is it one for this language?"
        )
    if scoring.bad_rows:
        line += f"; {count_of(scoring.bad_rows, 'bad row')}, the first: {scoring.first_error}"
    return line
