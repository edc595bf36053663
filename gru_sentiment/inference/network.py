"""A trained network that predicts without torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gru_sentiment.arrays import Floats, Integers, Singles
from gru_sentiment.artifact.contents import check_complete, load_labels, load_vocabulary
from gru_sentiment.artifact.files import AGAIN, LABELS, NEEDED, VOCABULARY, WEIGHTS
from gru_sentiment.artifact.weights import (
    Rows,
    StoredArrays,
    check_shapes,
    read_rows,
    read_weights,
    shapes_of_stored,
    stored_arrays,
)
from gru_sentiment.data.encoding import EncodedTexts, encode
from gru_sentiment.data.labels import Labels
from gru_sentiment.data.packed import Packed, within_budget
from gru_sentiment.data.tokens import TokenizedTexts
from gru_sentiment.data.vocab import Vocabulary
from gru_sentiment.errors import ArtifactError
from gru_sentiment.inference import layers, pooling
from gru_sentiment.inference.stored import Inference, NetworkShape, TextSettings
from gru_sentiment.kernel.passes import Cell, Texts
from gru_sentiment.trained.calibration import UNCALIBRATED, Calibration, load_calibration
from gru_sentiment.trained.label_sets import LabelSetPredictions
from gru_sentiment.trained.linear import Linear, read_ngrams
from gru_sentiment.trained.network_shape import (
    EMBEDDING,
    SAME_TRAINING,
    check_layers,
    check_words,
)
from gru_sentiment.trained.predictions import TOKENS_PER_BATCH, Predictions

HEAD_WEIGHT, HEAD_BIAS = "head.weight", "head.bias"


@dataclass(frozen=True)
class Model:
    """A network without what is before and after it: packed ids to logits."""

    shape: NetworkShape
    cell: Cell
    embedding: Rows
    """Shape (words, dimension)."""
    layers: tuple[layers.Weights, ...]
    pooling: pooling.Parameters
    head: Singles
    """Shape (logits, width)."""
    bias: Singles
    """Shape (logits,)."""
    threads: int | None = None

    def logits(self, packed: Packed) -> Singles:
        """The logits of some texts, shape (batch, logits), in the order of `packed.rows`."""
        texts, shape = Texts.of(packed.sizes), self.shape
        x = self.embedding.take(packed.ids.astype(np.int64))
        for weights in self.layers:
            out = layers.run_layer(self.cell, weights, texts, x, self.threads)
            x = out.reshape(len(out), -1)
        final = layers.final_states(out, texts)
        pooled = pooling.pool(shape.pooling, x, final, texts, self.pooling)
        # unlike a product of BLAS, this adds in one order whatever texts are beside a text
        logits: Singles = np.einsum("bw,lw->bl", pooled, self.head) + self.bias
        return logits


@dataclass(frozen=True)
class Network:
    """A trained network with all that it needs to predict."""

    path: Path
    text: TextSettings
    vocabulary: Vocabulary
    labels: Labels
    model: Model
    calibration: Calibration = UNCALIBRATED
    ngrams: Linear | None = None
    """The n-gram model that predicts beside it."""

    def predict(
        self, tokenized: TokenizedTexts, rows: Integers, tokens_per_batch: int | None = None
    ) -> Predictions:
        """The predictions for the texts `rows`; token counts are the network's."""
        encoded = encode(
            tokenized,
            self.vocabulary,
            max_tokens=self.text.max_tokens,
            head_tokens=self.text.head_tokens,
        )
        kind = LabelSetPredictions if self.labels.label_sets else Predictions
        predictions = kind(self._log_probabilities(encoded, rows, tokens_per_batch), encoded, rows)
        beside = self.ngrams.predict(tokenized, rows, tokens_per_batch) if self.ngrams else None
        return self.calibration.applied(predictions, beside)

    def _log_probabilities(
        self, encoded: EncodedTexts, rows: Integers, tokens_per_batch: int | None
    ) -> Floats:
        """Shape (rows, classes), whatever batch a text was in."""
        of_logits = log_odds_probabilities if self.labels.label_sets else log_probabilities
        found = np.zeros((len(encoded), len(self.labels)))
        # batches of similar lengths
        ordered = rows[np.argsort(-encoded.lengths[rows], kind="stable")]
        for group in within_budget(ordered, encoded.lengths, tokens_per_batch or TOKENS_PER_BATCH):
            packed = Packed.of(encoded, group)
            found[packed.rows] = of_logits(self.model.logits(packed).astype(np.float64))
        return found[rows]


def log_probabilities(logits: Floats) -> Floats:
    """Logits (batch, 1 or classes) to log probabilities (batch, classes).

    A single logit is that of the second of two classes.
    """
    if logits.shape[1] == 1:
        logits = np.concatenate([np.zeros_like(logits), logits], axis=1)
    of_all: Floats = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    return of_all


def log_odds_probabilities(logits: Floats) -> Floats:
    """Logits (batch, classes), one for each class by itself, to log probabilities."""
    by_itself: Floats = -np.logaddexp(0, -logits)
    return by_itself


def read_network(folder: Path, inference: Inference, threads: int | None) -> Network:
    """Read the folder of a network.

    Raises:
        ArtifactError: a file is missing or not the one that was written, or the files do not fit
            each other.
    """
    check_complete(folder, NEEDED)
    vocabulary = load_vocabulary(folder / VOCABULARY)
    labels = load_labels(folder / LABELS)
    shape = inference.shape
    if shape.logits != len(labels) and (labels.label_sets or (len(labels), shape.logits) != (2, 1)):
        raise ArtifactError(
            f"{inference.path}: {shape.logits} logits are none for {len(labels)} classes",
            hint=SAME_TRAINING,
        )
    model = _read_model(folder / WEIGHTS, inference, vocabulary, threads)
    ngrams = read_ngrams(folder)
    calibration = load_calibration(folder, labels, ngrams=ngrams is not None)
    return Network(folder, inference.text, vocabulary, labels, model, calibration, ngrams)


def _read_model(
    path: Path, inference: Inference, vocabulary: Vocabulary, threads: int | None
) -> Model:
    shape, arrays = inference.shape, stored_arrays(path)
    found = shapes_of_stored(arrays)
    check_words(path, found.get(EMBEDDING, []), vocabulary)
    check_layers(path, shape.layers, shape.hidden_size, found)
    cell = layers.CELLS.get(shape.cell, {}).get(shape.nonlinearity)
    if cell is None or not set(shape.pooling) <= pooling.POOLINGS.keys():
        raise ArtifactError(
            f"{inference.path}: unknown are {str(shape.cell)[:20]}, {str(shape.nonlinearity)[:20]} "
            f"or {', '.join(shape.pooling)[:80]}",
            hint=AGAIN,
        )
    expected = _expected_shapes(shape, cell, found[EMBEDDING])
    check_shapes(path, expected, found, hint=SAME_TRAINING)
    of_pooling = pooling.expected_shapes(shape.pooling, shape.directions * shape.hidden_size)
    return Model(
        shape,
        cell,
        read_rows(arrays, EMBEDDING),
        tuple(_read_layer(arrays, layer, shape.directions) for layer in range(shape.layers)),
        {name: read_weights(arrays, name) for name in of_pooling},
        read_weights(arrays, HEAD_WEIGHT),
        read_weights(arrays, HEAD_BIAS),
        threads,
    )


def _expected_shapes(shape: NetworkShape, cell: Cell, table: list[int]) -> dict[str, list[int]]:
    width = shape.directions * shape.hidden_size
    return {
        EMBEDDING: table,
        **layers.expected_shapes(
            cell,
            input_size=table[1],
            hidden=shape.hidden_size,
            layers=shape.layers,
            directions=shape.directions,
        ),
        **pooling.expected_shapes(shape.pooling, width),
        HEAD_WEIGHT: [shape.logits, width * len(shape.pooling)],
        HEAD_BIAS: [shape.logits],
    }


def _read_layer(arrays: StoredArrays, layer: int, directions: int) -> layers.Weights:
    parameters = [
        np.stack([read_weights(arrays, name) for name in names])
        for names in layers.names_of(layer, directions)
    ]
    return layers.Weights(*parameters)
