"""What a training starts from: pretrained word vectors, or the encoder of a language model."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from gru_sentiment.builders.text import build_vectors, build_vocabulary, with_unseen_words
from gru_sentiment.config.sections import Config
from gru_sentiment.data.labels import Labels
from gru_sentiment.data.vocab import PADDING_ID, SPECIALS, Vocabulary
from gru_sentiment.results.training import Coverage
from gru_sentiment.trained.encoder import Encoder, load_encoder
from gru_sentiment.vectors.word_vectors import WordVectors

logger = logging.getLogger(__name__)

UNSCALED_STD = 0.1
"""Standard deviation of random vectors where there is no vector to take it from."""
MOST_FREQUENT = 10
"""Words without a vector that a report names."""


class Initialisation(Protocol):
    """Vocabulary, word vectors and weights that a training starts from."""

    @property
    def runs(self) -> Sequence[Encoder]:
        """The runs that it takes them from."""

    @property
    def facts(self) -> dict[str, str]:
        """What must be the same when the training is resumed, by name."""

    def vocabulary(self, counts: Mapping[str, int]) -> Vocabulary:
        """The vocabulary, from the token counts of the training split where it has none."""

    def vectors(self, vocabulary: Vocabulary) -> WordVectors:
        """A vector for each word of the vocabulary that has one."""

    def coverage(
        self, vectors: WordVectors, vocabulary: Vocabulary, counts: Mapping[str, int]
    ) -> Coverage | None:
        """How much of the vocabulary the vectors know; None where that means nothing."""

    def initialize(self, model: nn.Module, labels: Labels) -> None:
        """Set the weights of a new model of these labels that are not left random."""

    def metadata(self) -> dict[str, Any] | None:
        """The run that the weights come from, as metadata.json holds it; None without one."""


class FromVectors:
    """The vocabulary of the training split and the config's pretrained word vectors."""

    runs: Sequence[Encoder] = ()

    def __init__(self, config: Config) -> None:
        self.config = config

    @property
    def facts(self) -> dict[str, str]:
        """None: the vectors decide the initial weights alone."""
        return {}

    def vocabulary(self, counts: Mapping[str, int]) -> Vocabulary:
        """The most frequent tokens, and the config's number of words of the vectors alone.

        Raises:
            DataError: no token is frequent enough.
            VectorsError: the words of the vectors cannot be read.
        """
        seen = build_vocabulary(self.config.text, counts)
        return with_unseen_words(self.config.vectors, seen)

    def vectors(self, vocabulary: Vocabulary) -> WordVectors:
        """The vectors of the config's source.

        Raises:
            VectorsError: they cannot be had or read.
        """
        return build_vectors(self.config.vectors, vocabulary)

    def coverage(
        self, vectors: WordVectors, vocabulary: Vocabulary, counts: Mapping[str, int]
    ) -> Coverage:
        """The share of the words, and of the tokens, that have a vector; it is logged too."""
        covered = coverage(vectors, vocabulary, counts)
        logger.info(
            "vocabulary: %s words; vectors %s cover %.1f %% of them and %.1f %% of the text",
            f"{len(vocabulary):,}",
            covered.vectors,
            100 * covered.types,
            100 * covered.tokens,
        )
        return covered

    def initialize(self, model: nn.Module, labels: Labels) -> None:
        """Nothing: all other weights start at random."""

    def metadata(self) -> None:
        """None: there is no such run."""


class FromEncoder:
    """Vocabulary, word vectors and recurrent layers of a language model (Dai & Le 2015).

    Those of a finished classifier serve in the same way.

    Raises:
        ArtifactError: `model.initialize_from` is no complete run of `gru-sent pretrain` or `train`.
        ConfigError: the config asks for another shape or other text settings than the run's.
    """

    def __init__(self, config: Config) -> None:
        assert config.model.initialize_from is not None
        self.encoder = load_encoder(config.model.initialize_from)
        self.encoder.check_fits(config)

    @property
    def runs(self) -> Sequence[Encoder]:
        """The encoder's run."""
        return [self.encoder]

    @property
    def facts(self) -> dict[str, str]:
        """The SHA-256 of the encoder's weights."""
        return {"encoder": self.encoder.fingerprint}

    def vocabulary(self, counts: Mapping[str, int]) -> Vocabulary:  # noqa: ARG002
        """The encoder's."""
        return self.encoder.vocabulary

    def vectors(self, vocabulary: Vocabulary) -> WordVectors:
        """The encoder's: every word has one, since all of them were trained."""
        has_vector = np.ones(len(vocabulary), bool)
        return WordVectors(self.encoder.embedding.numpy(), has_vector, str(self.encoder.path))

    def coverage(
        self, vectors: WordVectors, vocabulary: Vocabulary, counts: Mapping[str, int]
    ) -> None:
        """None: the encoder's vectors cover its own vocabulary."""

    def initialize(self, model: nn.Module, labels: Labels) -> None:
        """Set the word vectors and the recurrent layers; pooling and head stay random.

        Those of a classifier of the same labels are set too.

        Raises:
            ArtifactError: the encoder's layers have other shapes than those of the model.
        """
        self.encoder.initialize(model, labels)

    def metadata(self) -> dict[str, Any]:
        """The encoder's path and the SHA-256 of its weights."""
        return self.encoder.metadata()


def initialisation_of(config: Config) -> Initialisation:
    """The config's initialisation: from `model.initialize_from` where that is set.

    Raises:
        UserError: as `FromEncoder`.
    """
    return FromEncoder(config) if config.model.initialize_from else FromVectors(config)


def initial_weights(vectors: WordVectors, seed: int) -> Tensor:
    """The embedding's first weights, shape (words, dimension).

    A word without a vector gets a seeded normal one whose standard deviation is that of the
    vectors there are; padding is zero.
    """
    known = vectors.matrix[vectors.found]
    scale = float(known.std()) if len(known) else UNSCALED_STD
    generator = np.random.default_rng(seed)
    random = scale * generator.standard_normal(vectors.matrix.shape, dtype=np.float32)
    weights = np.where(vectors.found[:, None], vectors.matrix, random)
    weights[PADDING_ID] = 0.0
    return torch.from_numpy(weights)


def coverage(vectors: WordVectors, vocabulary: Vocabulary, counts: Mapping[str, int]) -> Coverage:
    """Share of the vocabulary that has vectors, by word and by how often the words occur."""
    words = vocabulary.words[len(SPECIALS) :]
    known = vectors.found[len(SPECIALS) :]
    frequency = np.array([counts.get(word, 0) for word in words], dtype=np.int64)
    # words are in order of frequency, so the first missing ones are the most frequent
    missing = np.flatnonzero(~known)[:MOST_FREQUENT]
    return Coverage(
        vectors=vectors.origin,
        types=float(known.mean()) if len(words) else 0.0,
        tokens=float(frequency[known].sum() / max(frequency.sum(), 1)),
        most_frequent_missing=tuple((words[i], int(frequency[i])) for i in missing),
    )
