"""Durations in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gru_sentiment.reporting.training import (
    training_report,
)

from .examples import RESULT, lines_of


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0 s"), (59.4, "59 s"), (59.6, "1 min 0 s"), (3601, "60 min 1 s")]
)
def test_durations(seconds: float, text: str) -> None:
    lines = lines_of(training_report(replace(RESULT, training_s=seconds)))
    assert f"trained in {text}, 5 min 1 s in all" in lines
