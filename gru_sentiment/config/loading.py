"""Config files to configs: overrides, paths, and all errors reported at once."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from gru_sentiment import BUNDLED
from gru_sentiment.config.effect import choose_sources
from gru_sentiment.config.problems import explain, joined
from gru_sentiment.config.sections import Config
from gru_sentiment.config.yaml_file import dump_yaml, parse_value, parse_yaml, read_yaml_text
from gru_sentiment.errors import ConfigError

RETIRED = {"training.unlabelled.entropy_weight": 0.0}
"""Keys that configs of earlier versions hold, with the value that had no effect."""
BY_OVERRIDE = -1
"""In place of a line number: the key was set on the command line."""
PATH_KEYS = (
    "data.path",
    "data.validation_path",
    "data.test_path",
    "data.unlabelled_path",
    "vectors.path",
    "model.initialize_from",
    "training.unlabelled.teacher",
    "run.output",
)
MAY_BE_BUNDLED = {
    "model.initialize_from": (BUNDLED, BUNDLED / "encoder", BUNDLED / "classifier"),
    "training.unlabelled.teacher": (BUNDLED,),
}
"""Keys that may name a run in the package, and how."""


def load_config(
    path: Path,
    overrides: Sequence[str] = (),
    flags: Mapping[str, str | int] | None = None,
    *,
    stored: bool = False,
) -> Config:
    """Read a config file, then apply `overrides` and after them `flags`.

    Paths in the file are relative to the folder of the file, other paths to the current folder.

    Args:
        path: the YAML file.
        overrides: `section.key=value` each, the value in YAML.
        flags: values by dotted key `section.key`.
        stored: whether the file is the config of a run, which may hold keys without effect.

    Raises:
        ConfigError: all errors at once, each with file, line, key, value and allowed values.
    """
    text = read_yaml_text(path)
    values, lines = parse_yaml(text, str(path))
    _drop_retired(values, only_without_effect=True)
    _resolve_paths(values, path.parent.resolve())
    return _changed(values, lines, str(path), overrides, flags, stored=stored)


def config_of(sections: Mapping[str, Any]) -> Config:
    """The config with these sections, each a mapping of keys to values.

    Paths are relative to the current folder.

    Raises:
        ConfigError: all errors at once.
    """
    # as YAML has them: no paths, no tuples
    values = json.loads(json.dumps(sections, default=str))
    return _changed(values, {}, "the config", (), None, stored=False)


def changed_config(
    config: Config, overrides: Sequence[str] = (), flags: Mapping[str, str | int] | None = None
) -> Config:
    """A config with `overrides` and after them `flags`, as in `load_config`.

    Raises:
        ConfigError: all errors at once.
    """
    values = config.model_dump(mode="json")
    return _changed(values, {}, "the config", overrides, flags, stored=True)


def overridden_values(overrides: Sequence[str]) -> dict[str, Any]:
    """The values that `overrides` set, by dotted key.

    Raises:
        ConfigError: one is not `section.key=value`.
    """
    values: dict[str, Any] = {}
    keys = [_override(values, override) for override in overrides]
    found = {}
    for key in keys:
        inner, last = _holder(values, key)
        found[key] = inner[last]
    return found


def parse_config(text: str, name: str) -> Config:
    """Read the config of a run from YAML text; messages call it `name`.

    Keys that earlier versions had are passed over: they concerned the training alone.

    Raises:
        ConfigError: see `load_config`.
    """
    values, lines = parse_yaml(text, name)
    _drop_retired(values, only_without_effect=False)
    return _validate(values, lines, name)


def _changed(
    values: dict[str, Any],
    lines: dict[str, int],
    name: str,
    overrides: Sequence[str],
    flags: Mapping[str, str | int] | None,
    *,
    stored: bool,
) -> Config:
    for override in overrides:
        lines[_override(values, override)] = BY_OVERRIDE
    for key, value in (flags or {}).items():
        _set(values, key, value)
    _resolve_paths(values, Path.cwd())
    overridden = {key for key, line in lines.items() if line == BY_OVERRIDE}
    for section in overridden & Config.model_fields.keys():
        if isinstance(values[section], dict):
            overridden |= {f"{section}.{key}" for key in values[section]}
    in_vain = [] if stored else list(choose_sources(values, overridden))
    return _validate(values, lines, name, in_vain)


def dump_config(config: Config, *, only_ascii: bool = False) -> str:
    """Write the config as YAML with every default; all but ASCII can be escaped."""
    values = config.model_dump(mode="json")
    return dump_yaml(values, only_ascii=only_ascii)


def _drop_retired(values: Mapping[str, Any], *, only_without_effect: bool) -> None:
    for dotted, without_effect in RETIRED.items():
        section, key = _holder(values, dotted)
        if key in section and (section[key] == without_effect or not only_without_effect):
            del section[key]


def _resolve_paths(values: Mapping[str, Any], folder: Path) -> None:
    for dotted in PATH_KEYS:
        inner, key = _holder(values, dotted)
        if isinstance(inner.get(key), str) and not _is_bundled(dotted, inner[key]):
            try:
                inner[key] = str(folder / Path(inner[key]).expanduser())
            except RuntimeError as error:
                raise ConfigError(f"{dotted}: {inner[key]}: no such home folder") from error


def _is_bundled(dotted: str, value: str) -> bool:
    return Path(value) in MAY_BE_BUNDLED.get(dotted, ())


def _holder(values: Mapping[str, Any], dotted: str) -> tuple[dict[str, Any], str]:
    """The mapping that holds a dotted key, empty if there is none, and the last part of the key."""
    *sections, key = dotted.split(".")
    inner: Any = values
    for section in sections:
        inner = inner.get(section) if isinstance(inner, dict) else None
    return inner if isinstance(inner, dict) else {}, key


def _override(values: dict[str, Any], override: str) -> str:
    """Apply `section.key=value`, with the value in YAML, and return the key."""
    key, equals, text = override.partition("=")
    key = key.strip()
    if not equals or not key:
        raise ConfigError(
            f"--set {override}: expected section.key=value",
            hint="for example --set model.cell=lstm",
        )
    try:
        value = parse_value(text)
    except ValueError as error:
        raise ConfigError(f"--set {override}: the value is not valid YAML") from error
    _set(values, key, value)
    return key


def _set(values: dict[str, Any], key: str, value: Any) -> None:
    *sections, last = key.split(".")
    inner = values
    for section in sections:
        if inner.get(section) is None:
            inner[section] = {}
        inner = inner[section]
        if not isinstance(inner, dict):
            raise ConfigError(f"--set {key}: {section} is a value and has no keys")
    inner[last] = value


def _validate(
    values: dict[str, Any],
    lines: dict[str, int],
    name: str,
    found: Sequence[tuple[str, str]] = (),
) -> Config:
    """The config of values, in which problems were found before by key."""
    # an empty section ("run:" with nothing below) means its defaults
    for section, field in Config.model_fields.items():
        if section in values and values[section] is None and field.default is not None:
            values[section] = {}
    problems = {key: [reason] for key, reason in found}
    while True:
        try:
            # as JSON: strict about types, yet lists become tuples and strings paths
            config = Config.model_validate_json(json.dumps(values))
            break
        except ValidationError as error:
            errors = [problem for details in error.errors() for problem in explain(details)]
        except TypeError as error:
            raise ConfigError(f"{name}: {error}") from error
        # combinations are checked only if every single value is right: try without the wrong ones
        for key, reason in errors:
            problems.setdefault(key, []).append(reason)
        removed = [_remove(values, key) for key, _ in errors]
        if not any(removed):
            break
    if not problems:
        return config
    ordered = sorted(problems, key=lambda key: _line(key, lines))
    raise ConfigError(
        "\n".join(f"{_where(key, lines, name)}{key}: {joined(problems[key])}" for key in ordered),
        hint="'gru-sent config schema' lists every key with what it allows",
    )


def _remove(values: dict[str, Any], key: str) -> bool:
    inner, last = _holder(values, key)
    if last not in inner:
        return False
    del inner[last]
    return True


def _line(key: str, lines: dict[str, int]) -> int:
    """The line of the key, or else of its section; 0 if neither is in the file."""
    while key and key not in lines:
        key = key.rpartition(".")[0]
    return lines.get(key, 0)


def _where(key: str, lines: dict[str, int], name: str) -> str:
    line = _line(key, lines)
    if line == BY_OVERRIDE:
        return "--set: "
    return f"{name}:{line}: " if line else f"{name}: "
