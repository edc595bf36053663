"""The classifier: embedding, recurrent layers, pooling, linear head."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from gru_sentiment.models.embedding import WordEmbedding
from gru_sentiment.models.pooling import Pooling
from gru_sentiment.models.recurrent import CELLS


class TextClassifier(nn.Module):
    """Packed token ids to logits, and nothing else.

    `n_outputs` is 1 for two classes under binary cross-entropy, else the number of classes.
    `layer_dropout` acts between recurrent layers, `dropout` on the pooled vector. `cell_options`
    go to the cell's constructor (`nonlinearity` of an RNN).
    """

    def __init__(
        self,
        embedding: WordEmbedding,
        n_outputs: int,
        *,
        cell: str = "gru",
        hidden_size: int = 128,
        layers: int = 1,
        bidirectional: bool = True,
        pooling: Sequence[str] = ("last",),
        layer_dropout: float = 0.0,
        dropout: float = 0.0,
        **cell_options: str,
    ) -> None:
        super().__init__()
        self.embedding = embedding
        make_cell: Callable[..., nn.RNNBase] = CELLS[cell]
        self.recurrent = make_cell(
            embedding.dimension,
            hidden_size,
            layers,
            bidirectional=bidirectional,
            dropout=layer_dropout,
            **cell_options,
        )
        self.directions = 2 if bidirectional else 1
        self.pooling = Pooling(pooling, hidden_size * self.directions)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(self.pooling.width, n_outputs)

    def layers_from_top(self) -> list[list[nn.Parameter]]:
        """Parameters by layer: pooling and head, the recurrent layers, the word vectors."""
        head = [*self.pooling.parameters(), *self.head.parameters()]
        named = dict(self.recurrent.named_parameters())
        recurrent = [
            [p for name, p in named.items() if name.removesuffix("_reverse").endswith(f"_l{layer}")]
            for layer in reversed(range(self.recurrent.num_layers))
        ]
        return [head, *recurrent, list(self.embedding.parameters())]

    def forward(self, tokens: PackedSequence) -> Tensor:
        """Packed ids, `tokens.data` of shape (tokens,), to logits (batch, n_outputs)."""
        # in packed order until the end: a text's outputs and its final state side by side
        vectors = PackedSequence(self.embedding(tokens.data), tokens.batch_sizes)
        logits = self.classify(vectors)
        return logits if tokens.unsorted_indices is None else logits[tokens.unsorted_indices]

    def classify(self, vectors: PackedSequence) -> Tensor:
        """Packed word vectors (tokens, dimension) to logits (batch, n_outputs), longest first."""
        outputs, state = self.recurrent(vectors)
        # an LSTM returns (h, c); its output is h
        h = state[0] if isinstance(state, tuple) else state
        # top layer: (directions, batch, hidden) -> (batch, directions x hidden)
        final = h[-self.directions :].transpose(0, 1).flatten(1)
        pooled = self.dropout(self.pooling(outputs, final))
        with torch.autocast(pooled.device.type, enabled=False):  # logits keep all their digits
            logits: Tensor = self.head(pooled.to(self.head.weight.dtype))
        return logits
