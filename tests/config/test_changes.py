"""Overrides from the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gru_sentiment.config.changes import changes_between
from gru_sentiment.config.loading import dump_config, load_config, parse_config
from gru_sentiment.config.sections import Config
from gru_sentiment.errors import ConfigError

from .conftest import HINT, error_of


def test_a_value_from_the_command_line_sets_no_key_twice(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").touch()
    with pytest.raises(ConfigError, match="neighbours is set twice"):
        load_config(tmp_path / "c.yaml", ["training.augmentation={neighbours: 1, neighbours: 2}"])


@pytest.mark.parametrize(
    ("override", "key", "value"),
    [
        ("model.cell=lstm", "model.cell", "lstm"),
        ("training.learning_rate=3e-3", "training.learning_rate", 0.003),
        ("training.learning_rate=1", "training.learning_rate", 1.0),
        ("model.pooling=[last, max]", "model.pooling", ("last", "max")),
        ("text.max_tokens=null", "text.max_tokens", None),
        ("text.max_tokens=", "text.max_tokens", None),
        ("model.bidirectional=false", "model.bidirectional", False),
        ("text.language=a=b", "text.language", "a=b"),
        ("text.language='08'", "text.language", "08"),
        ("model={cell: lstm}", "model.cell", "lstm"),
        ("run.seed=7", "run.seed", 7),
    ],
)
def test_overrides_take_yaml_values(
    write: Callable[[str], Path], override: str, key: str, value: Any
) -> None:
    config = load_config(write("model: {cell: rnn}\nrun:"), [override])
    section, name = key.split(".")
    assert getattr(getattr(config, section), name) == value


def test_the_last_override_wins(write: Callable[[str], Path]) -> None:
    config = load_config(write("run: {seed: 1}"), ["run.seed=2", "run.seed=3"])
    assert config.run.seed == 3


def test_an_override_leaves_the_rest_of_its_section(write: Callable[[str], Path]) -> None:
    config = load_config(write("model: {cell: rnn, layers: 2}"), ["model.cell=lstm"])
    assert (config.model.cell, config.model.layers) == ("lstm", 2)


@pytest.mark.parametrize(
    ("override", "reason"),
    [
        (
            "model.cel=lstm",
            'model.cel: unknown key (value "lstm"); did you mean model.cell?',
        ),
        (
            "model.hidden_size=big",
            'model.hidden_size: "big" is not allowed; expected a valid integer',
        ),
        ("cell=gru", 'cell: unknown key (value "gru"); did you mean model.cell?'),
        ("model.nonlinearity=relu", "model.nonlinearity: cell gru has none to choose; remove it"),
        ("training.epochs=0", "training.epochs: 0 is not allowed; expected greater than or equal"),
    ],
)
def test_a_wrong_override_is_the_same_error_as_in_a_file(
    write: Callable[[str], Path], override: str, reason: str
) -> None:
    path = write("# a comment\nrun: {}")
    with pytest.raises(ConfigError) as caught:
        load_config(path, [override])
    where, _, said = caught.value.cause.partition(": ")
    assert said.startswith(reason)
    assert where == "--set"
    assert caught.value.hint == HINT
    # the same key and value in a file
    key, _, value = override.partition("=")
    *sections, last = key.split(".")
    in_file = "".join(f"{name}: {{" for name in sections) + f"{last}: {value}" + "}" * len(sections)
    assert error_of(in_file).partition(": ")[2] == said


@pytest.mark.parametrize("section", Config.model_fields)
@pytest.mark.parametrize("value", ["0.5", "true", "word", "[1]", "{1: 2}", "2024-01-01"])
def test_a_section_that_is_a_value(write: Callable[[str], Path], section: str, value: str) -> None:
    with pytest.raises(ConfigError, match=rf"^--set: {section}\b.* (not allowed|unknown key)"):
        load_config(write(""), [f"{section}={value}"])


@pytest.mark.parametrize("override", ["model.cell", "=lstm", "", "lstm"])
def test_an_override_without_key_or_value(write: Callable[[str], Path], override: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(write(""), [override])
    assert caught.value.cause == f"--set {override}: expected section.key=value"
    assert caught.value.hint == "for example --set model.cell=lstm"


@pytest.mark.parametrize("value", ["[1", "{a: b", "'x", "*x", "9" * 5000, "[" * 5000])
def test_an_override_whose_value_is_not_yaml(write: Callable[[str], Path], value: str) -> None:
    with pytest.raises(ConfigError, match="the value is not valid YAML"):
        load_config(write(""), [f"run.seed={value}"])


def test_an_override_below_a_value(write: Callable[[str], Path]) -> None:
    with pytest.raises(ConfigError, match=r"cell is a value and has no keys"):
        load_config(write("model: {cell: gru}"), ["model.cell.size=3"])


def test_paths_in_an_overridden_section_are_relative_to_the_current_folder(
    write: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write("")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    config = load_config(path, ["data={source: files, path: a.csv}"])
    assert config.data.path == tmp_path / "here" / "a.csv"


def test_flags_are_taken_as_they_are(
    write: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write("run: {output: x, threads: 1}")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    config = load_config(path, ["run.threads=2"], {"run.output": "2024 #1", "run.threads": 3})
    assert config.run.output == tmp_path / "here" / "2024 #1"
    assert config.run.threads == 3


def test_a_run_from_before_folds_is_one_without() -> None:
    stored = dump_config(Config())
    before = stored.replace("  folds: null\n", "").replace("  fold: null\n", "")
    assert before.count("\n") == stored.count("\n") - 2
    assert changes_between(parse_config(before, "config.yaml"), Config()) == {}
