"""A run folder that holds a trained network."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import nn

from gru_sentiment.arrays import Integers
from gru_sentiment.artifact.contents import check_complete, load_labels, load_vocabulary
from gru_sentiment.artifact.files import AGAIN, LABELS, NEEDED, VOCABULARY, WEIGHTS
from gru_sentiment.artifact.run_config import load_run_config
from gru_sentiment.artifact.tensors import check_values, expand, shapes_of
from gru_sentiment.artifact.weights import check_shapes, matrices
from gru_sentiment.builders.model import build_model
from gru_sentiment.builders.text import build_encoded
from gru_sentiment.config.sections import Config
from gru_sentiment.data.labels import Labels
from gru_sentiment.data.tokens import TokenizedTexts
from gru_sentiment.data.vocab import Vocabulary
from gru_sentiment.errors import ArtifactError
from gru_sentiment.trained.calibrated import UNCALIBRATED, Calibration
from gru_sentiment.trained.calibration import load_calibration
from gru_sentiment.trained.linear import Linear, read_ngrams
from gru_sentiment.trained.network_shape import (
    EMBEDDING,
    SAME_TRAINING,
    check_layers,
    check_words,
)
from gru_sentiment.trained.predictions import Predictions
from gru_sentiment.trained.scoring import predict_rows


@dataclass(frozen=True)
class Network:
    """A trained network with all that it needs to predict."""

    path: Path
    config: Config
    vocabulary: Vocabulary
    labels: Labels
    model: nn.Module
    device: torch.device
    calibration: Calibration = UNCALIBRATED
    ngrams: Linear | None = None
    """The n-gram model that predicts beside it."""

    def predict(
        self, tokenized: TokenizedTexts, rows: Integers, tokens_per_batch: int | None = None
    ) -> Predictions:
        """The predictions for the texts `rows`; token counts are the network's."""
        encoded = build_encoded(self.config.text, tokenized, self.vocabulary)
        predictions = predict_rows(
            self.model,
            encoded,
            rows,
            self.device,
            label_sets=self.labels.label_sets,
            tokens_per_batch=tokens_per_batch,
        )
        beside = self.ngrams.predict(tokenized, rows, tokens_per_batch) if self.ngrams else None
        return predictions.calibrated(self.calibration, beside)


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
    ngrams = read_ngrams(folder)
    calibration = load_calibration(folder, labels, ngrams=ngrams is not None)
    return Network(folder, config, vocabulary, labels, model, device, calibration, ngrams)


def _load_model(path: Path, config: Config, vocabulary: Vocabulary, labels: Labels) -> nn.Module:
    try:
        with safe_open(path, "pt") as file:
            names = list(file.keys())
            found = {name: file.get_slice(name).get_shape() for name in matrices(names)}
            check_words(path, found.get(EMBEDDING, []), vocabulary)
            # so that what is built is no larger than a few times what the file truly holds
            check_layers(path, config.model.layers, config.model.hidden_size, found)
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
