"""YAML text to plain values and back, with the line number of every key."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from gru_sentiment.errors import ConfigError

MAX_CONFIG_BYTES = 1 << 20


class _Loader(yaml.SafeLoader):
    """Plain YAML 1.2 values: 3e-3 is a number, `no` is a word, and nothing is expanded."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem="aliases are not allowed", problem_mark=mark)
        return super().compose_node(parent, index)

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """A value; a tag that does not fit it, as in `!!float ''`, is an error like any other."""
        try:
            return super().construct_object(node, deep)
        except (LookupError, AttributeError, ArithmeticError, TypeError, ValueError) as error:
            raise yaml.MarkedYAMLError(
                problem=f"not a value of the kind {node.tag.rpartition(':')[2]}",
                problem_mark=node.start_mark,
            ) from error


class _Dumper(yaml.SafeDumper):
    """Quotes every string that `_Loader`, or a reader of YAML 1.1, would read as another type."""


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


def parse_yaml(text: str, name: str) -> tuple[dict[str, Any], dict[str, int]]:
    """Parse YAML text into its values and the line number of every dotted key.

    Raises:
        ConfigError: the text is not valid YAML, not a mapping, or sets a key twice.
    """
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


def parse_value(text: str) -> Any:
    """Parse one value, as it stands after a key.

    Raises:
        ValueError: the text is not valid YAML.
        ConfigError: a key in it is set twice.
    """
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is None:
            return None
        dict(_lines(node, "", text))
        return loader.construct_document(node)
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(str(error)) from error


def dump_yaml(values: dict[str, Any], *, only_ascii: bool = False) -> str:
    """Write values as YAML that `parse_yaml` and readers of YAML 1.1 read as the same values."""
    return yaml.dump(values, Dumper=_Dumper, sort_keys=False, allow_unicode=not only_ascii)


def dump_commented(
    values: Mapping[str, Mapping[str, Any]], comments: Mapping[str, str], *, heading: str = ""
) -> str:
    """Write sections as YAML, with a heading and, behind values, comments by dotted key."""
    lines = [f"# {line}".rstrip() for line in heading.splitlines()]
    for section, of_section in values.items():
        lines += ["", f"{section}:"] if lines else [f"{section}:"]
        for key, value in of_section.items():
            first, *others = dump_yaml({key: value}).splitlines()
            comment = comments.get(f"{section}.{key}", "")
            lines += [f"  {first}" + (f"  # {comment}" if comment else "")]
            lines += [f"  {line}" for line in others]
    return "\n".join(lines) + "\n"


def read_yaml_text(path: Path) -> str:
    """The text of a config file.

    Raises:
        ConfigError: it is missing, too large or not text.
    """
    try:
        with path.open("rb") as file:  # a device may have no end
            content = file.read(MAX_CONFIG_BYTES + 1)
        if len(content) > MAX_CONFIG_BYTES:
            raise ConfigError(f"{path}: larger than {MAX_CONFIG_BYTES} bytes, not a config")
        return content.decode().replace("\r\n", "\n").replace("\r", "\n")
    except FileNotFoundError as error:
        nearby = sorted(str(p) for p in path.parent.glob("*.y*ml")) if path.parent.is_dir() else []
        hint = f"configs there: {', '.join(nearby)}" if nearby else "see configs/ for examples"
        raise ConfigError(f"{path}: no such config file", hint=hint) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: byte {error.start} is not UTF-8") from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error


def _lines(node: yaml.Node, prefix: str, name: str) -> Iterator[tuple[str, int]]:
    """The line of every dotted key below a node; positions in lists count from 0.

    Raises:
        ConfigError: one mapping sets a key twice; YAML would silently take the second value.
    """
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _lines(item, f"{prefix}{index}.", name)
    if not isinstance(node, yaml.MappingNode):
        return
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
        yield from _lines(value, f"{prefix}{key.value}.", name)
