"""The config of a run."""

from __future__ import annotations

from pathlib import Path

from gru_sentiment.artifact.files import CONFIG
from gru_sentiment.config.loading import parse_config
from gru_sentiment.config.sections import Config
from gru_sentiment.config.yaml_file import read_yaml_text
from gru_sentiment.errors import ArtifactError, ConfigError


def load_run_config(folder: Path) -> Config:
    """The config of a run.

    Raises:
        ArtifactError: it cannot be read, or is not a config of this version.
    """
    path = folder / CONFIG
    try:
        return parse_config(read_yaml_text(path), str(path))
    except ConfigError as error:
        raise ArtifactError(f"{path}: not a config of this version: {error}") from error
