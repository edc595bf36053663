"""`gru-sent config`: check, show, schema."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from typer.testing import Result

from gru_sentiment.config.loading import load_config, parse_config
from gru_sentiment.config.sections import Config

WRONG = """\
data: {source: files}
model:
  cell: grru
  hiden_size: 3
training:
  epochs: 0
"""


def test_check_says_that_nothing_is_wrong(
    gru_sent: Callable[..., Result], tiny_config: Path
) -> None:
    result = gru_sent("config", "check", tiny_config)
    assert (result.exit_code, result.stdout, result.stderr) == (0, f"{tiny_config}: valid\n", "")


def test_check_reports_everything_at_once(gru_sent: Callable[..., Result], tmp_path: Path) -> None:
    (tmp_path / "wrong.yaml").write_text(WRONG, "utf-8")
    result = gru_sent("config", "check", "wrong.yaml")
    assert result.exit_code == 2
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert lines[0].startswith("error: wrong.yaml:1: data.path: needed for data.source files")
    assert lines[1].startswith('wrong.yaml:3: model.cell: "grru" is not allowed')
    assert "'rnn', 'lstm' or 'gru'" in lines[1]
    assert "did you mean gru?" in lines[1]
    assert lines[2].startswith("wrong.yaml:4: model.hiden_size: unknown key (value 3)")
    assert "did you mean model.hidden_size?" in lines[2]
    assert lines[3].startswith("wrong.yaml:6: training.epochs: 0 is not allowed")
    assert "config schema" in lines[4]
    assert len(lines) == 5


def test_a_wrong_override_is_the_same_error(
    gru_sent: Callable[..., Result], tiny_config: Path
) -> None:
    result = gru_sent("config", "check", tiny_config, "--set", "model.hiden_size=3")
    assert result.exit_code == 2
    assert "--set" in result.stderr
    assert "model.hiden_size: unknown key (value 3); did you mean model.hidden_size?" in (
        result.stderr
    )


@pytest.mark.parametrize("override", ["model.cell", "=3", "model.cell=[", "model.cell.x=1"])
def test_an_override_that_is_none(
    gru_sent: Callable[..., Result], tiny_config: Path, override: str
) -> None:
    result = gru_sent("config", "check", tiny_config, "--set", "model.cell=gru", "--set", override)
    assert result.exit_code == 2
    assert "--set" in result.stderr
    assert "Traceback" not in result.stderr


def test_show_writes_every_default_out(gru_sent: Callable[..., Result], tiny_config: Path) -> None:
    result = gru_sent("config", "show", tiny_config, "--set", "model.cell=rnn")
    assert result.exit_code == 0
    assert result.stderr == ""
    shown = yaml.safe_load(result.stdout)
    sections = Config.model_fields
    assert list(shown) == list(sections)
    assert shown["pretraining"] is None
    for name in sections.keys() - {"pretraining"}:
        assert list(shown[name]) == list(type(getattr(Config(), name)).model_fields)
    assert shown["model"]["cell"] == "rnn"
    assert shown["training"]["batch_size"] == 8


def test_what_is_shown_is_the_same_config(
    gru_sent: Callable[..., Result], tiny_config: Path
) -> None:
    shown = gru_sent("config", "show", tiny_config).stdout
    assert parse_config(shown, "shown") == load_config(tiny_config)


@pytest.mark.parametrize("command", ["check", "show"])
def test_a_file_that_is_not_there(
    gru_sent: Callable[..., Result], tiny_config: Path, command: str
) -> None:
    result = gru_sent("config", command, "tinny.yaml")
    assert result.exit_code == 2
    assert "tinny.yaml: no such config file" in result.stderr
    assert "configs there: tiny.yaml" in result.stderr


def test_schema_describes_every_key(gru_sent: Callable[..., Result]) -> None:
    result = gru_sent("config", "schema")
    assert result.exit_code == 0
    schema = json.loads(result.stdout)
    assert set(schema["properties"]) == set(Config.model_fields)
    assert schema["additionalProperties"] is False
    parts = {name: part for name, part in schema["$defs"].items() if "properties" in part}
    assert len(parts) == 11  # six sections of every training, three within, one of pre-training
    for part in parts.values():
        assert part["additionalProperties"] is False
        for key, description in part["properties"].items():
            assert description["description"], key
            assert "default" in description, key
    assert schema["$defs"]["ModelConfig"]["properties"]["cell"]["enum"] == ["rnn", "lstm", "gru"]
