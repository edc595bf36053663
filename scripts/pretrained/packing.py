"""Runs in few bytes, as the package holds them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

from gru_sentiment import BUNDLED
from gru_sentiment.artifact.contents import load_labels, stored_inference
from gru_sentiment.artifact.files import (
    CALIBRATION,
    CONFIG,
    INFERENCE,
    KIND,
    LABELS,
    METADATA,
    METRICS,
    NEEDED,
    SEEN_TEXTS,
    VOCABULARY,
    WEIGHTS,
    to_json,
    write_whole,
)
from gru_sentiment.artifact.folders import CARD
from gru_sentiment.artifact.manifest import write_manifest
from gru_sentiment.artifact.run_config import load_run_config
from gru_sentiment.artifact.tensors import compact, save_seen_texts, write_tensors
from gru_sentiment.builders.corpus import build_tokenized
from gru_sentiment.builders.dataset import Dataset
from gru_sentiment.builders.inference import build_inference
from gru_sentiment.config.loading import dump_config
from gru_sentiment.config.sections import Config
from gru_sentiment.postprocess.calibration import fit_temperature
from gru_sentiment.trained.dataset import reload_dataset
from gru_sentiment.trained.encoder import EMBEDDING, RECURRENT
from gru_sentiment.trained.reader import load_network
from pretrained.card import card, scores_of

CLASSIFIER, ENCODER = "classifier", "encoder"
CPU = torch.device("cpu")
SHOWN = (
    "gru_sentiment",
    "commit",
    "packages",
    "seed",
    "seeds",
    "products",
    "recurrent_layers",
    "rows",
)
SHOWN += ("data_fingerprint", "parameters", "training_s")
"""Of metadata.json, what does not name the machine's folders."""


def pack_encoder(run: Path, target: Path) -> None:
    """What a classifier takes of an encoder, compact."""
    weights = {
        name: tensor
        for name, tensor in load_file(run / WEIGHTS).items()
        if name == EMBEDDING or name.startswith(RECURRENT)
    }
    _begin(run, target, (KIND, VOCABULARY, SEEN_TEXTS), weights)
    write_manifest(target, (KIND, CONFIG, VOCABULARY, WEIGHTS, METADATA, SEEN_TEXTS))


def pack_classifier(runs: Sequence[Path], target: Path) -> None:
    """The average of networks that began alike, compact, with its own temperature and scores."""
    _begin(runs[0], target, (VOCABULARY, LABELS), average([load_file(r / WEIGHTS) for r in runs]))
    seeds = [json.loads((run / METADATA).read_bytes())["seed"] for run in runs]
    write_whole(target / METADATA, to_json(_metadata(target) | {"seeds": seeds}))
    classifier = load_run_config(target), load_labels(target / LABELS)
    write_whole(target / INFERENCE, stored_inference(build_inference(*classifier)))
    write_manifest(target, NEEDED)
    dataset = reload_dataset(load_network(runs[0], CPU))
    _calibrate(target, dataset)
    save_seen_texts(target, dataset.hashes("train"))
    scores = scores_of(load_network(target, CPU), dataset)
    write_whole(target / METRICS, to_json(scores))
    write_whole(target / CARD, card(_metadata(target), scores, _bytes(target)).encode())
    write_manifest(target, (*NEEDED, INFERENCE, CALIBRATION, METADATA, METRICS, SEEN_TEXTS))


def average(weights: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """The mean of each tensor."""
    return {name: torch.stack([w[name] for w in weights]).mean(0) for name in weights[0]}


def _calibrate(target: Path, dataset: Dataset) -> None:
    """Fit the temperature on the validation split, and keep the classes' shares in training."""
    network = load_network(target, CPU)
    labels = dataset.labels.indices(dataset.records.labels)
    tokenized = build_tokenized(network.config, dataset.records)
    found = network.predict(tokenized, dataset.splits["validation"])
    temperature = fit_temperature(found.log_probabilities, labels[found.rows])
    prior = np.bincount(labels[dataset.splits["train"]]) / len(dataset.splits["train"])
    write_whole(
        target / CALIBRATION, to_json({"temperature": temperature, "prior": prior.tolist()})
    )
    write_manifest(target, (*NEEDED, CALIBRATION))


def accuracy_of(folder: Path) -> float:
    """The validation accuracy of a packed classifier."""
    return float(json.loads((folder / METRICS).read_bytes())["validation"]["accuracy"])


def _begin(run: Path, target: Path, copied: tuple[str, ...], weights: Mapping[str, Any]) -> None:
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for name in copied:
        shutil.copyfile(run / name, target / name)
    write_whole(target / CONFIG, dump_config(_without_folders(load_run_config(run))).encode())
    write_tensors(target / WEIGHTS, compact(weights, EMBEDDING))
    write_whole(target / METADATA, to_json(_metadata(run)))


def _without_folders(config: Config) -> Config:
    """The config with paths that mean the same everywhere."""
    texts = config.data.unlabelled_path
    data = config.data.model_copy(update={"unlabelled_path": texts and Path(texts.name)})
    start = BUNDLED if config.model.initialize_from else None
    return config.model_copy(
        update={
            "data": data,
            "model": config.model.model_copy(update={"initialize_from": start}),
            "run": config.run.model_copy(update={"output": None}),
        }
    )


def _metadata(run: Path) -> dict[str, Any]:
    known = json.loads((run / METADATA).read_bytes())
    return {name: known[name] for name in SHOWN if name in known}


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())
