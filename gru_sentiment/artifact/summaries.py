"""Summaries of runs from their JSON and YAML files; no weights are read or checked.

No torch, so that runs are listed at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gru_sentiment.artifact.files import (
    CONFIG,
    ENCODER,
    KIND,
    METADATA,
    METRICS,
    NETWORK,
    PARTIAL,
    SERIES,
    read_json,
)
from gru_sentiment.artifact.series import read_series
from gru_sentiment.config.yaml_file import parse_yaml, read_yaml_text
from gru_sentiment.results.runs import RunSummary

LARGEST = 1e300
DEPTH = 3
"""Folders below the one that is looked at."""


def find_runs(folder: Path, depth: int = DEPTH) -> Iterator[Path]:
    """Run folders in a folder, or the folder itself; links are not followed."""
    if any((folder / name).is_file() for name in (CONFIG, METADATA, METRICS)):
        yield folder
    elif depth and folder.is_dir():
        for child in sorted(folder.iterdir()):
            if child.is_dir() and not child.is_symlink() and not child.name.startswith("."):
                yield from find_runs(child, depth - 1)


def read_summary(folder: Path) -> RunSummary:
    """A run of any kind, finished or not.

    Raises:
        ArtifactError: a file of it is damaged.
        ConfigError: its config is not YAML.
    """
    about, metrics = (_values(folder / name) for name in (METADATA, METRICS))
    config = _config(folder / CONFIG)
    parameters = about.get("parameters")
    total = parameters.get("total") if isinstance(parameters, Mapping) else parameters
    count, seconds = _number(total), _number(about.get("total_s"))
    seed = _number(about.get("seed", config.get("run.seed")))
    scores = {
        name: value for name, value in by_dotted_key(metrics).items() if _number(value) is not None
    }
    kind = _text(about.get("kind")) or _text(_values(folder / KIND).get("kind")) or NETWORK
    return RunSummary(
        run=str(folder),
        kind=kind,
        # the config of a baseline or a fusion names a cell, and there is none
        cell=_text(config.get("model.cell")) if kind in {NETWORK, ENCODER} else None,
        parameters=None if count is None else int(count),
        seed=None if seed is None else int(seed),
        validation=scores.get("validation.accuracy"),
        test=scores.get("test.accuracy"),
        minutes=None if seconds is None else seconds / 60,
        date=_text(about.get("started_at")),
        finished=bool(about) and not folder.name.endswith(PARTIAL),
        best=_is_best(folder),
        metrics=scores,
        config=config,
    )


def read_fingerprint(folder: Path) -> str | None:
    """Of the data that a run was trained on.

    Raises:
        ArtifactError: metadata.json is damaged.
    """
    return _text(_values(folder / METADATA).get("data_fingerprint"))


def by_dotted_key(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested values by dotted key: {"model": {"cell": "gru"}} becomes {"model.cell": "gru"}."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            found |= by_dotted_key(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = value
    return found


def _values(path: Path) -> dict[str, Any]:
    value = read_json(path) if path.is_file() else {}
    return value if isinstance(value, dict) else {}


def _config(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    values, _ = parse_yaml(read_yaml_text(path), str(path))
    return by_dotted_key(values)


def _is_best(folder: Path) -> bool:
    parent = folder.parent
    return (parent / SERIES).is_file() and read_series(parent).best == folder.name


def _number(value: Any) -> float | None:
    """A number that one can compute with; None for anything else that JSON can hold."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if abs(value) < LARGEST else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value.isprintable() else None
