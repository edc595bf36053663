"""A run folder that holds a trained network."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from torch import nn

from gru_sentiment.arrays import Floats, Integers
from gru_sentiment.artifact.contents import (
    check_complete,
    check_shapes,
    check_values,
    load_labels,
    load_run_config,
    load_vocabulary,
    shapes_of,
)
from gru_sentiment.artifact.files import AGAIN, LABELS, NEEDED, NGRAMS, VOCABULARY, WEIGHTS
from gru_sentiment.artifact.manifest import named
from gru_sentiment.artifact.tensors import expand, matrices
from gru_sentiment.builders.model import build_model
from gru_sentiment.builders.text import build_encoded
from gru_sentiment.config.sections import Config
from gru_sentiment.data.labels import Labels
from gru_sentiment.data.tokenizer import TokenizedTexts
from gru_sentiment.data.vocab import Vocabulary
from gru_sentiment.errors import ArtifactError
from gru_sentiment.postprocess.fusion import fuse_predictions
from gru_sentiment.trained.baseline import Baseline, read_baseline
from gru_sentiment.trained.calibration import (
    load_prior,
    load_temperature,
    load_thresholds,
    load_weights,
)
from gru_sentiment.trained.predictions import Predictions
from gru_sentiment.trained.scoring import predict_rows

EMBEDDING, FIRST_WEIGHTS = "embedding.table.weight", "recurrent.weight_hh_l"
SAME_TRAINING = "config.yaml, labels.json and model.safetensors must come from the same training"


@dataclass(frozen=True)
class Network:
    """A trained network with all that it needs to predict."""

    path: Path
    config: Config
    vocabulary: Vocabulary
    labels: Labels
    model: nn.Module
    device: torch.device
    temperature: float = 1.0
    """Of the probabilities."""
    prior: Floats | None = None
    """Probabilities of a text of which the vocabulary holds no token, shape (classes,)."""
    ngrams: Baseline | None = None
    """The n-gram model that predicts beside it."""
    weights: Floats | None = None
    """Of network and n-grams, shape (2,)."""
    thresholds: Floats | None = None
    """The probability from which on each class of a label set is predicted, shape (classes,)."""

    def predict(self, tokenized: TokenizedTexts, rows: Integers) -> Predictions:
        """The predictions for the texts `rows`; token counts are the network's."""
        encoded = build_encoded(self.config.text, tokenized, self.vocabulary)
        predictions = predict_rows(
            self.model, encoded, rows, self.device, label_sets=self.labels.label_sets
        )
        if self.ngrams is not None and self.weights is not None:
            beside = self.ngrams.predict(tokenized, rows)
            both = np.stack([predictions.log_probabilities, beside.log_probabilities])
            joint = fuse_predictions(both.astype(np.float64), self.weights)
            predictions = replace(predictions, log_probabilities=joint)
        calibrated = predictions.at_temperature(self.temperature).with_prior(self.prior)
        return calibrated.decided_by(self.thresholds)


def read_network(folder: Path, device: torch.device) -> Network:
    """Read the folder of a network.

    Raises:
        ArtifactError: a file is missing or not the one that was written, or the files do not fit
            each other.
    """
    check_complete(folder, NEEDED)
    config = load_run_config(folder)
    vocabulary = load_vocabulary(folder / VOCABULARY)
    labels = load_labels(folder / LABELS)
    model = _load_model(folder / WEIGHTS, config, vocabulary, labels)
    model = model.to(device).eval()
    ngrams = _read_ngrams(folder, device)
    return Network(
        folder,
        config,
        vocabulary,
        labels,
        model,
        device,
        temperature=load_temperature(folder),
        prior=load_prior(folder, len(labels)),
        ngrams=ngrams,
        weights=load_weights(folder) if ngrams else None,
        thresholds=load_thresholds(folder, len(labels)) if labels.label_sets else None,
    )


def _read_ngrams(folder: Path, device: torch.device) -> Baseline | None:
    """The n-gram model beside a network; a training that is not finished has none yet."""
    names = [name for name in named(folder) if name.startswith(f"{NGRAMS}/")]
    if not names:
        return None
    check_complete(folder, names)
    return read_baseline(folder / NGRAMS, device)


def _load_model(path: Path, config: Config, vocabulary: Vocabulary, labels: Labels) -> nn.Module:
    try:
        with safe_open(path, "pt") as file:
            names = list(file.keys())
            found = {name: file.get_slice(name).get_shape() for name in matrices(names)}
            _check_words(path, found.get(EMBEDDING, []), vocabulary)
            _check_size_of_model(path, config, found)
            model = build_model(
                config,
                torch.zeros(found[EMBEDDING]),
                len(labels),
                torch.device("cpu"),
                label_sets=labels.label_sets,
            )
            expected = shapes_of(model.state_dict())
            check_shapes(path, expected, found, hint=SAME_TRAINING)
            tensors = expand(path, {name: file.get_tensor(name) for name in names})
    except (SafetensorError, OSError) as error:
        raise ArtifactError(f"{path}: not readable weights: {error}", hint=AGAIN) from error
    check_values(path, tensors, torch.float32)
    model.load_state_dict(tensors)
    return model


def _check_size_of_model(path: Path, config: Config, found: dict[str, list[int]]) -> None:
    """So that what is built is no larger than a few times what the file truly holds."""
    layers = sum(
        name.startswith(FIRST_WEIGHTS) and name[len(FIRST_WEIGHTS) :].isdigit() for name in found
    )
    sizes = found.get(f"{FIRST_WEIGHTS}0", [])
    expected = config.model.layers, config.model.hidden_size
    if (layers, sizes[-1] if sizes else 0) != expected:
        raise ArtifactError(
            f"{path}: holds {layers} recurrent layers with weights of shape {sizes or 'none'}, the "
            f"config asks for {expected[0]} of {expected[1]} units",
            hint=SAME_TRAINING,
        )


def _check_words(path: Path, table: list[int], vocabulary: Vocabulary) -> None:
    if len(table) != 2 or table[0] != len(vocabulary):
        raise ArtifactError(
            f"{path}: holds vectors for {table[0] if table else 'no'} words and "
            f"{path.parent / VOCABULARY} lists {len(vocabulary)}",
            hint=f"both must come from the same training; {AGAIN}",
        )
