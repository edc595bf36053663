"""A network, forward: the ids of texts to the log probabilities of classes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from gru_sentiment.arrays import Floats, Integers, Singles
from gru_sentiment.artifact.rows import Rows
from gru_sentiment.data.encoding import EncodedTexts
from gru_sentiment.data.packed import Packed, within_budget
from gru_sentiment.inference.pooling import Parameters, pool
from gru_sentiment.inference.steps import CELLS, Weights, final_states, names_of, step_by_step
from gru_sentiment.kernel.layout import Cell, Texts

HEAD_WEIGHT, HEAD_BIAS = "head.weight", "head.bias"
RunLayer = Callable[[Cell, Weights, Texts, Singles], Singles]
"""As `step_by_step`."""


@dataclass(frozen=True)
class NetworkShape:
    """What a network is made of."""

    cell: str
    nonlinearity: str | None
    hidden_size: int
    layers: int
    bidirectional: bool
    pooling: tuple[str, ...]
    logits: int

    @property
    def directions(self) -> int:
        """1 or 2."""
        return 2 if self.bidirectional else 1


@dataclass(frozen=True)
class Model:
    """A network without what is before and after it."""

    shape: NetworkShape
    cell: Cell
    embedding: Rows
    """Shape (words, dimension)."""
    layers: tuple[Weights, ...]
    pooling: Parameters
    head: Singles
    """Shape (logits, width)."""
    bias: Singles
    """Shape (logits,)."""
    run_layer: RunLayer = step_by_step

    @classmethod
    def of(
        cls,
        shape: NetworkShape,
        embedding: Rows,
        parameters: Mapping[str, Singles],
        run_layer: RunLayer = step_by_step,
    ) -> Model:
        """From its parameters, by their names in a file."""

        def weights(layer: int) -> Weights:
            names = names_of(layer, shape.directions)
            return Weights(*(np.stack([parameters[n] for n in of_all]) for of_all in names))

        return cls(
            shape,
            CELLS[shape.cell][shape.nonlinearity],
            embedding,
            tuple(map(weights, range(shape.layers))),
            parameters,
            parameters[HEAD_WEIGHT],
            parameters[HEAD_BIAS],
            run_layer,
        )

    def logits(self, packed: Packed) -> Singles:
        """The logits of some texts, shape (batch, logits), in the order of `packed.rows`."""
        texts, shape = Texts.of(packed.sizes), self.shape
        x = self.embedding.take(packed.ids.astype(np.int64))
        for weights in self.layers:
            out = self.run_layer(self.cell, weights, texts, x)
            x = out.reshape(len(out), -1)
        pooled = pool(shape.pooling, x, final_states(out, texts), texts, self.pooling)
        # unlike a product of BLAS, this adds in one order whatever texts are beside a text
        logits: Singles = np.einsum("bw,lw->bl", pooled, self.head) + self.bias
        return logits

    def log_probabilities(
        self, encoded: EncodedTexts, rows: Integers, tokens: int, *, label_sets: bool
    ) -> Floats:
        """Shape (rows, classes), whatever batch a text was in.

        Args:
            encoded: texts.
            rows: those of them that are predicted.
            tokens: how many are read at once.
            label_sets: whether each class is decided by itself.
        """
        of_logits = log_odds_probabilities if label_sets else log_probabilities
        found = np.zeros((len(encoded), max(self.shape.logits, 2)))
        # batches of similar lengths
        ordered = rows[np.argsort(-encoded.lengths[rows], kind="stable")]
        for group in within_budget(ordered, encoded.lengths, tokens):
            packed = Packed.of(encoded, group)
            found[packed.rows] = of_logits(self.logits(packed).astype(np.float64))
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
