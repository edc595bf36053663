"""YAML, overrides and error messages around the sections of `config.py`."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from gru_sentiment.config import Config
from gru_sentiment.errors import ConfigError

MAX_BYTES = 1 << 20
BY_OVERRIDE = -1
"""Stands for the line of a key that was set on the command line."""
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


class _Loader(yaml.SafeLoader):
    """Plain YAML 1.2 values: 3e-3 is a number, `no` is a word, and nothing is expanded."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem="aliases are not allowed", problem_mark=mark)
        return super().compose_node(parent, index)


class _Dumper(yaml.SafeDumper):
    """Quotes every string that `_Loader`, or a reader of YAML 1.1, would take for another value."""


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in [
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("int", r"^[-+]?[0-9][0-9_]*$", "-+0123456789"),
    (
        "float",
        r"^[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?$",
        "-+0123456789.",
    ),
    ("float", r"^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$", "-+."),
]:
    for _class in (_Loader, _Dumper):
        _class.add_implicit_resolver(
            f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), list(_first)
        )


def _decimal(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> int:
    """The safe loader reads 010 as octal, as YAML 1.1 does."""
    return int(loader.construct_scalar(node).replace("_", ""))


def _escaped(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    """Line breaks other than "\\n" would be read back as "\\n"."""
    style = '"' if set(text) & set("\r\x85\u2028\u2029") else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Loader.add_constructor("tag:yaml.org,2002:int", _decimal)
_Dumper.add_representer(str, _escaped)


def load_config(
    path: Path, overrides: Sequence[str] = (), flags: Mapping[str, str | int] | None = None
) -> Config:
    """Read a config file; apply overrides `section.key=value`, then flags {section.key: value}.

    Paths in the file are relative to the file's folder, others to the current one.

    Raises:
        ConfigError: all problems at once, each with file, line, key, value and what is allowed.
    """
    text = read_config_text(path)
    values, lines = parse_yaml(text, str(path))
    _resolve_paths(values, path.parent.resolve())
    for override in overrides:
        lines[_override(values, override)] = BY_OVERRIDE
    for key, value in (flags or {}).items():
        _set(values, key, value)
    _resolve_paths(values, Path.cwd())
    return _validate(values, lines, str(path))


def parse_config(text: str, name: str) -> Config:
    """A config from YAML text; `name` stands for the file in messages."""
    values, lines = parse_yaml(text, name)
    return _validate(values, lines, name)


def dump_config(config: Config) -> str:
    """The config as YAML, every default written out."""
    values = config.model_dump(mode="json")
    return yaml.dump(values, Dumper=_Dumper, sort_keys=False, allow_unicode=True)


def parse_yaml(text: str, name: str) -> tuple[dict[str, Any], dict[str, int]]:
    """YAML text to its values and the line of every dotted key."""
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is None:
            return {}, {}
        if not isinstance(node, yaml.MappingNode):
            raise ConfigError(f"{name}: expected sections such as 'model:' at the top")
        lines = dict(_lines(node, "", name))
        values: dict[str, Any] = loader.construct_document(node)
        return values, lines
    except (yaml.MarkedYAMLError, yaml.reader.ReaderError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{name}:{mark.line + 1}" if mark else name
        raise ConfigError(f"{where}: not valid YAML: {getattr(error, 'problem', error)}") from error


def read_config_text(path: Path) -> str:
    """A config file's text.

    Raises:
        ConfigError: it is missing, too large or not text.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ConfigError(f"{path}: larger than {MAX_BYTES} bytes, not a config")
        return path.read_text("utf-8")
    except FileNotFoundError as error:
        nearby = sorted(str(p) for p in path.parent.glob("*.y*ml")) if path.parent.is_dir() else []
        hint = f"configs there: {', '.join(nearby)}" if nearby else "see configs/ for examples"
        raise ConfigError(f"{path}: no such config file", hint=hint) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: byte {error.start} is not UTF-8") from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error


def _lines(node: yaml.MappingNode, prefix: str, name: str) -> Iterator[tuple[str, int]]:
    seen: dict[str, int] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise ConfigError(f"{name}:{line}: a key must be a single word")
        if key.value in seen:
            raise ConfigError(
                f"{name}:{line}: {prefix}{key.value} is set twice (line {seen[key.value]})"
            )
        seen[key.value] = line
        yield prefix + key.value, line
        if isinstance(value, yaml.MappingNode):
            yield from _lines(value, f"{prefix}{key.value}.", name)


def _resolve_paths(values: Mapping[str, Any], folder: Path) -> None:
    for dotted in PATH_KEYS:
        *sections, key = dotted.split(".")
        inner: Any = values
        for section in sections:
            inner = inner.get(section) if isinstance(inner, dict) else None
        if isinstance(inner, dict) and isinstance(inner.get(key), str):
            try:
                inner[key] = str(folder / Path(inner[key]).expanduser())
            except RuntimeError as error:
                raise ConfigError(f"{dotted}: {inner[key]}: no such home folder") from error


def _override(values: dict[str, Any], override: str) -> str:
    """Apply `section.key=value`, the value in YAML; returns the key."""
    key, equals, text = override.partition("=")
    if not equals or not key:
        raise ConfigError(
            f"--set {override}: expected section.key=value",
            hint="for example --set model.cell=lstm",
        )
    try:
        value = yaml.load(text, _Loader)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
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


def _validate(values: dict[str, Any], lines: dict[str, int], name: str) -> Config:
    # an empty section ("run:" with nothing below) means its defaults
    for section, field in Config.model_fields.items():
        if section in values and values[section] is None and field.default is not None:
            values[section] = {}
    problems: dict[str, list[str]] = {}
    while True:
        try:
            # as JSON: strict about types, yet lists become tuples and strings paths
            config = Config.model_validate_json(json.dumps(values))
            break
        except ValidationError as error:
            found = [problem for details in error.errors() for problem in _explain(details)]
        except TypeError as error:
            raise ConfigError(f"{name}: {error}") from error
        # combinations are checked only where the single values are right: go on without the wrong
        for key, reason in found:
            problems.setdefault(key, []).append(reason)
        removed = [_remove(values, key) for key, _ in found]
        if not any(removed):
            break
    if not problems:
        return config
    ordered = sorted(problems, key=lambda key: _line(key, lines))
    raise ConfigError(
        "\n".join(f"{_where(key, lines, name)}{key}: {_joined(problems[key])}" for key in ordered),
        hint="'gru-sent config schema' lists every key with what it allows",
    )


def _explain(details: ErrorDetails) -> Iterator[tuple[str, str]]:
    """(dotted key, reason): the value received, what is allowed, the nearest name."""
    keys = _dotted(details["loc"])
    key, received = ".".join(keys), details["input"]
    if details["type"] == "value_error":
        # raised by a section's own check: "key: reason", a line each
        for line in str(details["ctx"]["error"]).splitlines():
            wrong, _, reason = line.partition(": ")
            yield ".".join([*keys, wrong]), reason
    elif details["type"] == "extra_forbidden":
        near = _nearest(keys)
        value = "" if isinstance(received, dict) else f" (value {_shown(received)})"
        yield key, f"unknown key{value}" + (f"; did you mean {near}?" if near else "")
    else:
        allowed = details["msg"].removeprefix("Input should be ")
        yield key, f"{_shown(received)} is not allowed; expected {allowed}{_nearest_value(details)}"


def _joined(reasons: Sequence[str]) -> str:
    """One reason a key: the branches of a union differ only in what they expect."""
    first, *others = dict.fromkeys(reasons)
    return " or ".join(
        [first, *(reason.partition("; expected ")[2] or reason for reason in others)]
    )


def _remove(values: dict[str, Any], key: str) -> bool:
    *sections, last = key.split(".")
    inner: Any = values
    for section in sections:
        inner = inner.get(section) if isinstance(inner, dict) else None
    if not isinstance(inner, dict) or last not in inner:
        return False
    del inner[last]
    return True


def _dotted(location: Sequence[int | str]) -> list[str]:
    """The location as keys of the file: without the branches of unions and list positions."""
    model: Any = Config
    keys: list[str] = []
    for part in location:
        if not (isinstance(model, type) and issubclass(model, BaseModel)):
            break
        keys.append(str(part))
        field = model.model_fields.get(str(part))
        model = _section(field.annotation) if field else None
    return keys


def _section(annotation: Any) -> Any:
    """The section that a field holds, or may hold; the annotation itself where it holds none."""
    for part in (annotation, *get_args(annotation)):
        if isinstance(part, type) and issubclass(part, BaseModel):
            return part
    return annotation


def _line(key: str, lines: dict[str, int]) -> int:
    """Line of the key, or of the section that it belongs to; 0 where neither is in the file."""
    while key and key not in lines:
        key = key.rpartition(".")[0]
    return lines.get(key, 0)


def _where(key: str, lines: dict[str, int], name: str) -> str:
    line = _line(key, lines)
    if line == BY_OVERRIDE:
        return "--set: "
    return f"{name}:{line}: " if line else f"{name}: "


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else text[:77] + "..."


def _nearest(keys: Sequence[str]) -> str | None:
    """The dotted name that was probably meant: the same or a similar key, here or elsewhere."""
    sections = {
        name: list(_section(field.annotation).model_fields)
        for name, field in Config.model_fields.items()
    }
    *above, wrong = keys
    parent: Any = Config
    for key in above:
        parent = _section(parent.model_fields[key].annotation)
    if match := difflib.get_close_matches(wrong, list(parent.model_fields), n=1):
        return ".".join([*above, match[0]])
    everywhere = {
        field: f"{section}.{field}" for section, names in sections.items() for field in names
    }
    match = difflib.get_close_matches(wrong, everywhere, n=1, cutoff=0.8)
    return everywhere[match[0]] if match else None


def _nearest_value(details: ErrorDetails) -> str:
    if details["type"] != "literal_error" or not isinstance(details["input"], str):
        return ""
    field: Any = Config
    for part in details["loc"]:
        if isinstance(field, type) and issubclass(field, BaseModel) and part in field.model_fields:
            field = _section(field.model_fields[str(part)].annotation)
    allowed = [value for value in _literals(field) if isinstance(value, str)]
    match = difflib.get_close_matches(details["input"], allowed, n=1)
    return f"; did you mean {match[0]}?" if match else ""


def _literals(annotation: Any) -> Iterator[Any]:
    for argument in get_args(annotation):
        if isinstance(argument, str):
            yield argument
        else:
            yield from _literals(argument)
