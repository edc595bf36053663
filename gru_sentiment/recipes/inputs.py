"""The files that a command reads, so that none of them becomes its output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from gru_sentiment.artifact.files import CONFIG, RUNS
from gru_sentiment.artifact.folders import is_bundled, named_run, own_files
from gru_sentiment.config.loading import PATH_KEYS, parse_config
from gru_sentiment.config.sections import Config
from gru_sentiment.config.yaml_file import read_yaml_text
from gru_sentiment.errors import ConfigError

Inputs = Mapping[str, Sequence[Path]]
"""Files and folders by what messages call them."""
WRITTEN_KEY = "run.output"


def of_config(config: Config, path: Path | None = None) -> Inputs:
    """A config's own file and the files and folders that it names; of a run its own files."""
    found: dict[str, Sequence[Path]] = {"--config": [path]} if path else {}
    for key in PATH_KEYS:
        section, *names = key.split(".")
        value = getattr(config, section)
        for name in names:
            value = getattr(value, name, None)
        if key != WRITTEN_KEY and isinstance(value, Path):
            found[f"{key} {value}"] = own_files(value) or [value]
    return found


def of_run(run: Path | None) -> Inputs:
    """The files of a run, by default the one that predicts, and those of its config."""
    folder = named_run(run)
    files = own_files(folder)
    if not files:
        return {}
    found: dict[str, Sequence[Path]] = {f"the run {folder}": files}
    if is_bundled(folder):  # what its config names lies on another machine
        return found
    # a run that cannot be read is an error of the command itself
    with suppress(ConfigError):
        found |= of_config(parse_config(read_yaml_text(folder / CONFIG), str(folder / CONFIG)))
    return found


def of_runs(runs: Sequence[Path]) -> Inputs:
    """The files of several runs."""
    found: dict[str, Sequence[Path]] = {}
    for run in runs:
        found |= of_run(run)
    return found


def of_folder(folder: Path | None) -> Inputs:
    """The files of all runs in a folder, by default in runs/."""
    return of_runs([path for path in (folder or RUNS).glob("*") if path.is_dir()])
