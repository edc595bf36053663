"""A run folder that holds a linear baseline."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gru_sentiment.artifact.files import (
    BASELINE,
    CONFIG,
    KIND,
    LABELS,
    NEEDED,
    VOCABULARY,
    WEIGHTS,
    to_json,
    write_whole,
    writing,
)
from gru_sentiment.artifact.manifest import write_manifest
from gru_sentiment.artifact.run_config import load_run_config
from gru_sentiment.artifact.tensors import write_tensors
from gru_sentiment.baselines.model import LinearModel
from gru_sentiment.config.loading import dump_config
from gru_sentiment.config.sections import Config
from gru_sentiment.trained.linear import BIAS, IDF, KEYS, VALUES, Linear, read_linear


@dataclass(frozen=True)
class Baseline(Linear):
    """A fitted linear model with the config that it was fitted with."""

    config: Config = field(kw_only=True)


def to_tensors(model: LinearModel) -> dict[str, Tensor]:
    """The arrays of a model, as its file holds them."""
    features = model.features
    arrays = {KEYS: features.keys, VALUES: model.weights, BIAS: model.bias}
    if features.idf is not None:
        arrays[IDF] = features.idf
    return {name: torch.from_numpy(array) for name, array in arrays.items()}


def baseline_kind(model: LinearModel, name: str) -> dict[str, Any]:
    """The contents of kind.json for a model."""
    return {"kind": BASELINE, "model": name, "longest": model.features.longest}


def write_baseline(run: Baseline, name: str) -> None:
    """Write a fitted model into its folder; only what predictions need.

    Raises:
        ArtifactError: the disk refuses it.
    """
    with writing(run.path):
        run.path.mkdir(parents=True, exist_ok=True)
    write_whole(run.path / CONFIG, dump_config(run.config).encode())
    write_whole(run.path / LABELS, to_json({"labels": run.labels.classes}))
    write_whole(run.path / VOCABULARY, run.vocabulary.to_text().encode())
    write_whole(run.path / KIND, to_json(baseline_kind(run.model, name)))
    write_tensors(run.path / WEIGHTS, to_tensors(run.model))
    write_manifest(run.path, (KIND, *NEEDED))


def read_baseline(folder: Path, _device: torch.device) -> Baseline:
    """Read the folder of a baseline.

    Raises:
        ArtifactError: a file is missing or not the one that was written, or the files do not fit
            each other.
    """
    linear = read_linear(folder)
    known = {each.name: getattr(linear, each.name) for each in fields(Linear)}
    return Baseline(**known, config=load_run_config(folder))
