"""YAML as it is read: plain values, lines, and files that are no config."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gru_sentiment.config.loading import load_config
from gru_sentiment.config.sections import Config
from gru_sentiment.config.yaml_file import MAX_CONFIG_BYTES, parse_value, parse_yaml, read_yaml_text
from gru_sentiment.errors import ConfigError

from .conftest import error_of


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3e-3", 0.003),
        ("3E-3", 0.003),
        ("1.5e2", 150.0),
        (".5", 0.5),
        ("-2.", -2.0),
        ("+7", 7),
        ("25_000", 25_000),
        ("0", 0),
        ("010", 10),
        ("08", 8),
        ("no", "no"),
        ("off", "off"),
        ("y", "y"),
        ("true", True),
        ("FALSE", False),
        ("~", None),
        ("null", None),
        ("", None),
        ("1:30", "1:30"),
        ("2024-01-31", "2024-01-31"),
        ("0x1f", "0x1f"),
        ("'3'", "3"),
        ("glove.6B.100d", "glove.6B.100d"),
        ("[1, no, 2e1]", [1, "no", 20.0]),
    ],
)
def test_plain_values_are_those_of_yaml_1_2(text: str, value: Any) -> None:
    found = parse_yaml(f"a: {text}", "c.yaml")[0]["a"]
    assert (found, type(found)) == (value, type(value))


def test_every_key_has_its_line() -> None:
    values, lines = parse_yaml("# one\na:\n  b: 1\n  c: {d: 2,\n   e: 3}\n", "c.yaml")
    assert values == {"a": {"b": 1, "c": {"d": 2, "e": 3}}}
    assert lines == {"a": 2, "a.b": 3, "a.c": 4, "a.c.d": 4, "a.c.e": 5}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("model:\n  cell: gru\n  cell: lstm", "c.yaml:3: model.cell is set twice (line 2)"),
        ("run: {}\nrun: {}", "c.yaml:2: run is set twice (line 1)"),
        ("a:\n- b: 1\n  c: 2\n  b: 3", "c.yaml:4: a.0.b is set twice (line 2)"),
        ("a: [1, [{b: {c: 1,\n c: 2}}]]", "c.yaml:2: a.1.0.b.c is set twice (line 1)"),
        ("a:\n- ? [b]\n  : 1", "c.yaml:2: a key must be a single word"),
        ("a: &x {b: 1}\nc: *x", "c.yaml:2: not valid YAML: aliases are not allowed"),
        ("a: [1\nb: 2", "c.yaml:2: not valid YAML: "),
        ("- a\n- b", "c.yaml: expected sections such as 'model:' at the top"),
        ("just words", "c.yaml: expected sections such as 'model:' at the top"),
        ("? [a, b]\n: 1", "c.yaml:1: a key must be a single word"),
        ("a: 1\n---\na: 2", "c.yaml:2: not valid YAML: "),
        ("a: \x07", "c.yaml: not valid YAML: "),
        ("a: !!python/object/apply:os.getcwd []", "c.yaml:1: not valid YAML: could not determine"),
        (
            "run: {seed: " + "9" * 5000 + "}",
            "c.yaml:1: not valid YAML: not a value of the kind int",
        ),
        ("a: " + "[" * 5000, "c.yaml: not valid YAML: "),
    ],
)
def test_what_is_no_config_is_refused(text: str, message: str) -> None:
    assert error_of(text).startswith(message)


def test_not_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes("run: {} # caf\u00e9".encode("latin-1"))
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert caught.value.cause == f"{path}: byte 13 is not UTF-8"


def test_too_large(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("#" * MAX_CONFIG_BYTES, "utf-8")
    assert load_config(path) == Config()
    path.write_text("#" * (MAX_CONFIG_BYTES + 1), "utf-8")
    with pytest.raises(ConfigError, match=f"larger than {MAX_CONFIG_BYTES} bytes, not a config"):
        load_config(path)


def test_a_folder_is_no_config(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        load_config(tmp_path)


@pytest.mark.parametrize(
    "text", ["!!float ''", "!!int ''", "!!bool x", "!!timestamp x", "!!binary é", "!!python/x y"]
)
def test_tags_that_do_not_fit_are_errors(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a value of the kind|could not determine|failed to"):
        parse_value(text)
    with pytest.raises(ConfigError, match=r"c\.yaml:1: not valid YAML"):
        parse_yaml(f"run: {{seed: {text}}}", "c.yaml")


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="this system has no /dev/zero")
def test_a_device_without_end_is_no_config() -> None:
    with pytest.raises(ConfigError, match="/dev/zero: larger than 1048576 bytes"):
        read_yaml_text(Path("/dev/zero"))
