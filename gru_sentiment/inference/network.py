"""A trained network that predicts without torch."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from gru_sentiment.arrays import Integers
from gru_sentiment.artifact.contents import check_complete, load_labels, load_vocabulary
from gru_sentiment.artifact.files import AGAIN, LABELS, NEEDED, VOCABULARY, WEIGHTS
from gru_sentiment.artifact.weights import (
    check_shapes,
    read_rows,
    read_weights,
    shapes_of_stored,
    stored_arrays,
)
from gru_sentiment.data.encoding import encode
from gru_sentiment.data.labels import Labels
from gru_sentiment.data.tokens import TokenizedTexts
from gru_sentiment.data.vocab import Vocabulary
from gru_sentiment.errors import ArtifactError
from gru_sentiment.inference import layers, pooling
from gru_sentiment.inference.forward import HEAD_BIAS, HEAD_WEIGHT, Model, NetworkShape
from gru_sentiment.inference.steps import CELLS
from gru_sentiment.inference.stored import Inference, TextSettings
from gru_sentiment.kernel.layout import Cell
from gru_sentiment.trained.calibrated import UNCALIBRATED, Calibration
from gru_sentiment.trained.calibration import load_calibration
from gru_sentiment.trained.label_sets import LabelSetPredictions
from gru_sentiment.trained.linear import Linear, read_ngrams
from gru_sentiment.trained.network_shape import (
    EMBEDDING,
    SAME_TRAINING,
    check_layers,
    check_words,
)
from gru_sentiment.trained.predictions import TOKENS_PER_BATCH, Predictions


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
        label_sets = self.labels.label_sets
        found = self.model.log_probabilities(
            encoded, rows, tokens_per_batch or TOKENS_PER_BATCH, label_sets=label_sets
        )
        predictions = (LabelSetPredictions if label_sets else Predictions)(found, encoded, rows)
        beside = self.ngrams.predict(tokenized, rows, tokens_per_batch) if self.ngrams else None
        return predictions.calibrated(self.calibration, beside)


def read_network(folder: Path, inference: Inference, threads: int) -> Network:
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


def _read_model(path: Path, inference: Inference, vocabulary: Vocabulary, threads: int) -> Model:
    shape, arrays = inference.shape, stored_arrays(path)
    found = shapes_of_stored(arrays)
    check_words(path, found.get(EMBEDDING, []), vocabulary)
    check_layers(path, shape.layers, shape.hidden_size, found)
    cell = CELLS.get(shape.cell, {}).get(shape.nonlinearity)
    if cell is None or not set(shape.pooling) <= pooling.POOLINGS.keys():
        raise ArtifactError(
            f"{inference.path}: unknown are {str(shape.cell)[:20]}, {str(shape.nonlinearity)[:20]} "
            f"or {', '.join(shape.pooling)[:80]}",
            hint=AGAIN,
        )
    expected = _expected_shapes(shape, cell, found[EMBEDDING])
    check_shapes(path, expected, found, hint=SAME_TRAINING)

    run_layer = partial(layers.run_layer, threads)  # which can be sent to another process
    parameters = {name: read_weights(arrays, name) for name in expected if name != EMBEDDING}
    return Model.of(shape, read_rows(arrays, EMBEDDING), parameters, run_layer)


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
