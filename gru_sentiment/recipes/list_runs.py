"""List the runs below a folder, sorted and filtered. No torch, so that it takes no time."""

from __future__ import annotations

import difflib
import json
import logging
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from gru_sentiment.artifact.files import RUNS
from gru_sentiment.artifact.folders import BUNDLED_CLASSIFIER, CARD, REINSTALL
from gru_sentiment.artifact.summaries import find_runs, read_summary
from gru_sentiment.errors import ArtifactError, ConfigError, UserError
from gru_sentiment.results.runs import COLUMNS, RunSummary

logger = logging.getLogger(__name__)


def list_runs(
    folder: Path | None = None, *, sort: str = "date", filters: Sequence[str] = ()
) -> list[RunSummary]:
    """The runs below a folder, `runs` by default; a warning names what is damaged or not a run.

    Args:
        folder: a folder of runs, of several seeds or folds, or a run.
        sort: the name of a column, score or setting. Numbers fall, dates too, and texts rise; a
            minus before the name reverses that. Runs without a value come last.
        filters: KEY=VALUE, all of which a run must have.

    Raises:
        ArtifactError: there is no such folder.
        ConfigError: a name that no run has, or a filter that is not KEY=VALUE.
    """
    root = folder or RUNS
    if not root.is_dir():
        raise ArtifactError(
            f"{root}: no such folder",
            hint="name the folder that holds the runs, or train one: gru-sent train --config "
            "configs/gru.yaml",
        )
    runs = list(_summaries(root))
    for text in filters:
        key, equals, value = text.partition("=")
        if not equals:
            raise ConfigError(
                f"--filter {text}: expected KEY=VALUE", hint="for example --filter cell=gru"
            )
        _check_known("--filter", key, runs)
        runs = [run for run in runs if _as_text(run.value(key)) == value]
    key = sort.removeprefix("-")
    _check_known("--sort", key, runs)
    return _sorted(runs, key, backwards=sort.startswith("-"))


def bundled_card() -> str:
    """What a user should know of the model in the package, as Markdown.

    Raises:
        ArtifactError: the package is damaged.
    """
    try:
        return (BUNDLED_CLASSIFIER / CARD).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ArtifactError(
            f"{BUNDLED_CLASSIFIER / CARD}: cannot be read", hint=REINSTALL
        ) from error


def _summaries(root: Path) -> Iterator[RunSummary]:
    try:
        children = [root] if list(find_runs(root, depth=0)) else sorted(root.iterdir())
        for child in children:
            if child.is_dir() and not child.is_symlink() and not child.name.startswith("."):
                yield from _readable(child)
    except OSError as error:
        raise ArtifactError(f"{root}: cannot be read: {error.strerror}") from error


def _readable(folder: Path) -> Iterator[RunSummary]:
    paths = list(find_runs(folder))
    if not paths:
        logger.warning("left out: %s holds no run", ascii(str(folder))[1:-1])
    for path in paths:
        try:
            if not str(path).isprintable():
                raise ArtifactError(f"{str(path)!a}: a name that cannot be printed")
            yield read_summary(path)
        except UserError as error:
            logger.warning("left out: %s", error.cause)


def _check_known(option: str, key: str, runs: Iterable[RunSummary]) -> None:
    known = dict.fromkeys([*COLUMNS, *(name for run in runs for name in run.names())])
    if key not in known:
        near = difflib.get_close_matches(key, known, n=1)
        raise ConfigError(
            f"{option} {key}: no run has it" + (f"; did you mean {near[0]}?" if near else ""),
            hint=f"columns: {', '.join(COLUMNS)}; or a score such as test.macro_f1, or a setting "
            "such as model.layers",
        )


def _sorted(runs: list[RunSummary], key: str, *, backwards: bool) -> list[RunSummary]:
    """Sort by value, equal values by the name of the run."""
    by_name = sorted(runs, key=lambda run: run.run)
    known = [run for run in by_name if run.value(key) is not None]
    unknown = [run for run in by_name if run.value(key) is None]
    if all(isinstance(run.value(key), int | float) for run in known):
        known.sort(key=lambda run: run.value(key), reverse=not backwards)
    else:
        falls = key == "date"
        known.sort(key=lambda run: _as_text(run.value(key)), reverse=falls != backwards)
    return [*known, *unknown]


def _as_text(value: Any) -> str:
    """A value as it is written on the command line."""
    return value if isinstance(value, str) else json.dumps(value)
