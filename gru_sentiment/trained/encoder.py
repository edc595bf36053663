"""What a pre-trained encoder gives to a classifier."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from gru_sentiment.artifact.contents import (
    check_shapes,
    check_values,
    load_run_config,
    load_vocabulary,
    read_kind,
    shapes_of,
)
from gru_sentiment.artifact.files import CONFIG, ENCODER, KIND, VOCABULARY, WEIGHTS
from gru_sentiment.artifact.folders import named_encoder, reinstalling
from gru_sentiment.artifact.manifest import digest, verify
from gru_sentiment.artifact.tensors import expand
from gru_sentiment.config.sections import Config
from gru_sentiment.data.vocab import Vocabulary
from gru_sentiment.errors import ArtifactError, ConfigError

EMBEDDING, RECURRENT = "embedding.table.weight", "recurrent."
NEEDED = (KIND, CONFIG, VOCABULARY, WEIGHTS)
PRETRAIN = "pre-train one: gru-sent pretrain --config configs/pretrain.yaml"


@dataclass(frozen=True)
class Encoder:
    """Vocabulary, word vectors and recurrent layers of a run of `gru-sent pretrain`."""

    path: Path
    config: Config
    vocabulary: Vocabulary
    tensors: dict[str, Tensor]
    """By their names in the language model, which a classifier of the same shape shares."""
    fingerprint: str
    """SHA-256 of the weights."""

    @property
    def bidirectional(self) -> bool:
        """Whether it reads in both directions."""
        return self.config.pretraining is not None and self.config.pretraining.directions > 1

    @property
    def embedding(self) -> Tensor:
        """Its word vectors, shape (words, dimension)."""
        return self.tensors[EMBEDDING]

    def check_fits(self, config: Config) -> None:
        """Compare with the config of a classifier.

        Raises:
            ConfigError: every setting that must be the same and is not, with both values.
        """
        pairs = {
            "model.cell": (config.model.cell, self.config.model.cell),
            "model.hidden_size": (config.model.hidden_size, self.config.model.hidden_size),
            "model.layers": (config.model.layers, self.config.model.layers),
            "model.bidirectional": (config.model.bidirectional, self.bidirectional),
            "model.nonlinearity": (config.model.nonlinearity, self.config.model.nonlinearity),
            "text.language": (config.text.language, self.config.text.language),
            "text.lowercase": (config.text.lowercase, self.config.text.lowercase),
        }
        dimension = config.vectors.dimension
        if dimension is not None:
            pairs["vectors.dimension"] = (dimension, self.embedding.shape[1])
        wrong = [
            f"{key}: {ours} here, {theirs} in {self.path}"
            for key, (ours, theirs) in pairs.items()
            if ours != theirs
        ]
        if wrong:
            raise ConfigError(
                "\n".join(wrong),
                hint="a classifier has the shape of the encoder that model.initialize_from names; "
                "that is bidirectional if pre-trained with pretraining.direction: both",
            )

    def initialize(self, model: nn.Module) -> None:
        """Set the word vectors and the recurrent layers; pooling and head stay as they are.

        Raises:
            ArtifactError: the layers have other shapes than those of the model.
        """
        shared = _shared(self.tensors)
        check_shapes(
            self.path / WEIGHTS,
            shapes_of(_shared(model.state_dict())),
            shapes_of(shared),
            hint="config.yaml and model.safetensors must come from the same training",
        )
        model.load_state_dict(shared, strict=False)

    def metadata(self) -> dict[str, Any]:
        """Where a classifier came from, as metadata.json holds it."""
        return {"path": str(self.path), "sha256": self.fingerprint}


def load_encoder(path: Path) -> Encoder:
    """A run of `gru-sent pretrain`, checked.

    Raises:
        ArtifactError: no such run, not the files that were written, or a run of another kind.
    """
    folder = named_encoder(path)
    with reinstalling(folder):
        return _read(folder)


def _read(path: Path) -> Encoder:
    if not path.is_dir():
        raise ArtifactError(f"model.initialize_from: {path}: no such run folder", hint=PRETRAIN)
    if read_kind(path) != ENCODER:
        raise ArtifactError(f"{path}: is no pre-trained encoder", hint=PRETRAIN)
    missing = [name for name in NEEDED if not (path / name).is_file()]
    if missing:
        raise ArtifactError(
            f"{path}: not a complete encoder run: {', '.join(missing)} missing", hint=PRETRAIN
        )
    verify(path, NEEDED)
    config = load_run_config(path)
    vocabulary = load_vocabulary(path / VOCABULARY)
    tensors = _read_tensors(path / WEIGHTS, len(vocabulary))
    return Encoder(path, config, vocabulary, tensors, digest(path / WEIGHTS))


def _shared(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """What a language model and a classifier both have."""
    return {n: t for n, t in tensors.items() if n.startswith(RECURRENT) or n == EMBEDDING}


def _read_tensors(path: Path, words: int) -> dict[str, Tensor]:
    try:
        with safe_open(path, "pt") as file:
            names = list(file.keys())
            shape = file.get_slice(EMBEDDING).get_shape() if EMBEDDING in names else []
            if len(shape) != 2 or shape[0] != words or not shape[1]:
                raise ArtifactError(
                    f"{path}: holds vectors of shape {shape or 'none'}, the vocabulary lists "
                    f"{words} words",
                    hint="both must come from the same training",
                )
            tensors = expand(path, {name: file.get_tensor(name) for name in names})
    except (SafetensorError, OSError) as error:
        raise ArtifactError(
            f"{path}: not readable weights: {error}", hint="copy the whole folder again"
        ) from error
    check_values(path, tensors, torch.float32)
    return tensors
