"""What a pre-trained encoder, or a finished classifier, gives to a new classifier."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from gru_sentiment.artifact.contents import load_labels, load_vocabulary, read_kind
from gru_sentiment.artifact.files import (
    CONFIG,
    ENCODER,
    KIND,
    LABELS,
    NETWORK,
    VOCABULARY,
    WEIGHTS,
)
from gru_sentiment.artifact.folders import named_start, reinstalling
from gru_sentiment.artifact.manifest import digest, verify
from gru_sentiment.artifact.run_config import load_run_config
from gru_sentiment.artifact.tensors import check_values, expand, shapes_of
from gru_sentiment.artifact.weights import check_shapes
from gru_sentiment.config.sections import Config
from gru_sentiment.data.labels import Labels
from gru_sentiment.data.vocab import Vocabulary
from gru_sentiment.errors import ArtifactError, ConfigError

EMBEDDING, RECURRENT = "embedding.table.weight", "recurrent."
POOLING, HEAD = "pooling.", "head."
NEEDED = {
    ENCODER: (KIND, CONFIG, VOCABULARY, WEIGHTS),
    NETWORK: (CONFIG, VOCABULARY, LABELS, WEIGHTS),
}
"""By kind: the files that are read."""
PRETRAIN = "pre-train one: gru-sent pretrain --config configs/pretrain.yaml"


@dataclass(frozen=True)
class Encoder:
    """Vocabulary, word vectors and recurrent layers of a run of `gru-sent pretrain` or `train`."""

    path: Path
    config: Config
    vocabulary: Vocabulary
    tensors: dict[str, Tensor]
    """By their names in the language model, which a classifier of the same shape shares."""
    fingerprint: str
    """SHA-256 of the weights."""
    labels: Labels | None = None
    """Of a classifier."""

    @property
    def bidirectional(self) -> bool:
        """Whether it reads in both directions."""
        pretraining = self.config.pretraining
        return pretraining.directions > 1 if pretraining else self.config.model.bidirectional

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
                hint="a classifier has the shape of the run that model.initialize_from names; "
                "an encoder is bidirectional if pre-trained with pretraining.direction: both",
            )

    def initialize(self, model: nn.Module, labels: Labels) -> None:
        """Set the word vectors and the recurrent layers; pooling and head stay as they are.

        Those of a classifier of the same labels are set too, where they have the same shapes.

        Raises:
            ArtifactError: the layers have other shapes than those of the model.
        """
        shared = _starting_with(self.tensors, RECURRENT, EMBEDDING)
        check_shapes(
            self.path / WEIGHTS,
            shapes_of(_starting_with(model.state_dict(), RECURRENT, EMBEDDING)),
            shapes_of(shared),
            hint="config.yaml and model.safetensors must come from the same training",
        )
        model.load_state_dict(shared, strict=False)
        own = _starting_with(model.state_dict(), POOLING, HEAD)
        rest = _starting_with(self.tensors, POOLING, HEAD)
        if self.labels == labels and shapes_of(own) == shapes_of(rest):
            model.load_state_dict(rest, strict=False)

    def metadata(self) -> dict[str, Any]:
        """Where a classifier came from, as metadata.json holds it."""
        return {"path": str(self.path), "sha256": self.fingerprint}


def load_encoder(path: Path) -> Encoder:
    """A run of `gru-sent pretrain`, or the network of one of `gru-sent train`, checked.

    Raises:
        ArtifactError: no such run, not the files that were written, or a run of another kind.
    """
    folder = named_start(path)
    with reinstalling(folder):
        return _read(folder)


def _read(path: Path) -> Encoder:
    if not path.is_dir():
        raise ArtifactError(f"model.initialize_from: {path}: no such run folder", hint=PRETRAIN)
    kind = read_kind(path)
    if kind not in NEEDED:
        raise ArtifactError(
            f"{path}: is a {kind}, and has no recurrent layers to start from",
            hint=f"name a run of gru-sent train, or {PRETRAIN}",
        )
    missing = [name for name in NEEDED[kind] if not (path / name).is_file()]
    if missing:
        raise ArtifactError(
            f"{path}: not a complete run: {', '.join(missing)} missing", hint=PRETRAIN
        )
    verify(path, NEEDED[kind])
    config = load_run_config(path)
    vocabulary = load_vocabulary(path / VOCABULARY)
    tensors = _read_tensors(path / WEIGHTS, len(vocabulary))
    labels = load_labels(path / LABELS) if kind == NETWORK else None
    fingerprint = digest(path / WEIGHTS)
    return Encoder(path, config, vocabulary, tensors, fingerprint, labels)


def _starting_with(tensors: Mapping[str, Tensor], *beginnings: str) -> dict[str, Tensor]:
    return {name: tensor for name, tensor in tensors.items() if name.startswith(beginnings)}


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
