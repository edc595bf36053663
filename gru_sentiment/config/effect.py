"""Keys that have an effect under some values of another key alone.

A path or a name that is given chooses its source; one that its source does not read is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from gru_sentiment.config.sections import Config

SOURCE, VECTORS = "data.source", "vectors.source"
READ_UNDER = {
    "data.path": (SOURCE, ("files", "folder")),
    "data.validation_path": (SOURCE, ("files",)),
    "data.test_path": (SOURCE, ("files",)),
    "data.dataset": (SOURCE, ("hub",)),
    "data.revision": (SOURCE, ("hub",)),
    "data.train_split": (SOURCE, ("hub",)),
    "data.test_split": (SOURCE, ("hub",)),
    "data.unlabelled_split": (SOURCE, ("hub",)),
    "data.text_column": (SOURCE, ("files", "hub")),
    "data.label_column": (SOURCE, ("files", "hub")),
    "data.label_names": (SOURCE, ("files", "hub")),
    "data.label_separator": (SOURCE, ("files", "hub")),
    "data.weight_column": (SOURCE, ("files",)),
    "data.delimiter": (SOURCE, ("files",)),
    "data.quoting": (SOURCE, ("files",)),
    "data.encoding": (SOURCE, ("files",)),
    "vectors.name": (VECTORS, ("name",)),
    "vectors.path": (VECTORS, ("file",)),
}
"""By key: the key that decides whether it is read, and under which values it is."""
OF_UNLABELLED = {"data.text_column", "data.delimiter", "data.quoting", "data.encoding"}
"""Keys that a file of unlabelled texts is read with too."""
FILES = ("data.path", "data.validation_path", "data.test_path", "data.unlabelled_path")
DIALECT: dict[str, Callable[[str], bool]] = {
    "data.delimiter": lambda kind: kind in {".csv", ".tsv", ""},
    "data.quoting": lambda kind: kind in {".csv", ".tsv", ""},
    "data.encoding": lambda kind: kind != ".parquet",
}
"""By key: which kinds of files are read with it."""
CHOOSES = ("data.path", "data.dataset", "vectors.name", "vectors.path")
"""Keys that choose the source that reads them, where no source is chosen beside them."""


def choose_sources(
    values: dict[str, dict[str, Any]], overridden: Collection[str]
) -> Iterator[tuple[str, str]]:
    """Let paths and names choose their source, and leave out what another source does not read.

    What the command line says goes before what the file says: a path given there chooses the
    source; a source given there leaves the keys of the file's own source without effect, and they
    are taken out. What the file, or the command line, says in vain is a problem.

    Args:
        values: of the config by section; changed in place.
        overridden: dotted keys that the command line gives.

    Yields:
        Keys without effect, and what to do about them.
    """
    chosen = {key for key in (SOURCE, VECTORS) if key in overridden}
    for key in CHOOSES:
        choice, read_under = READ_UNDER[key]
        given_here = key in overridden and choice not in chosen
        given_alone = _value(values, choice) is None
        if _is_set(values, key) and (given_here or given_alone):
            if _current(values, choice) not in read_under or given_alone:
                _set(values, choice, _source_for(key, _value(values, key)))
            if given_here:
                chosen.add(choice)
    for key, (choice, read_under) in READ_UNDER.items():
        current = _current(values, choice)
        if current in read_under or not _is_set(values, key):
            continue
        if key in OF_UNLABELLED and _is_set(values, "data.unlabelled_path"):
            continue
        if choice in chosen and key not in overridden:
            section, _, name = key.partition(".")
            del values[section][name]
            continue
        yield (
            key,
            (
                f"has no effect where {choice} is {current}; set {choice} to "
                f"{' or '.join(read_under)}, or leave the key out"
            ),
        )
    yield from _text_files(values)


def _text_files(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Keys of a dialect that no file of this config is read with, and why."""
    paths = [Path(str(_value(values, key))) for key in FILES if _is_set(values, key)]
    kinds = {Path(path.name.lower().removesuffix(".gz")).suffix for path in paths}
    for key, read in DIALECT.items():
        if paths and _is_set(values, key) and not any(read(kind) for kind in kinds):
            yield key, f"has no effect on {paths[0].name}; leave the key out"


def _source_for(key: str, value: Any) -> str:
    if key == "data.path":
        return "folder" if isinstance(value, str) and Path(value).is_dir() else "files"
    return READ_UNDER[key][1][0]


def _value(values: Mapping[str, Any], key: str) -> Any:
    section, _, name = key.partition(".")
    inner = values.get(section)
    return inner.get(name) if isinstance(inner, dict) else None


def _set(values: dict[str, dict[str, Any]], key: str, value: Any) -> None:
    section, _, name = key.partition(".")
    if not isinstance(values.get(section), dict):
        values[section] = {}
    values[section][name] = value


def _current(values: Mapping[str, Any], key: str) -> Any:
    value = _value(values, key)
    return _default(key) if value is None else value


def _is_set(values: Mapping[str, Any], key: str) -> bool:
    """Whether a key has another value than its default."""
    value = _value(values, key)
    return value is not None and value != _default(key)


def _default(key: str) -> Any:
    section, _, name = key.partition(".")
    return type(Config.model_fields[section].default).model_fields[name].default
