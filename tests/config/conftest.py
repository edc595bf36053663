"""A config file of a given text, and what is said of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gru_sentiment.config.loading import parse_config
from gru_sentiment.errors import ConfigError

HINT = "'gru-sent config schema' lists every key with what it allows"


def error_of(text: str) -> str:
    """What is said of a config named c.yaml, without the hint."""
    with pytest.raises(ConfigError) as caught:
        parse_config(text, "c.yaml")
    return caught.value.cause


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    def write_config(text: str) -> Path:
        path = tmp_path / "c.yaml"
        path.write_text(text, "utf-8")
        return path

    return write_config
