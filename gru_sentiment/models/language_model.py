"""The language model that an encoder is pre-trained as: what comes next, in one direction or two.

::

    words         w1  w2  w3  ...        every stream is read from left to right
    recurrent     h1  h2  h3             layers of one cell
    projected     p1  p2  p3             to the size of a word vector
    predicted     w2  w3  w4             p . table^T + bias: the table of word vectors, tied
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from gru_sentiment.models.embedding import WordEmbedding
from gru_sentiment.models.recurrent import CELLS

State = tuple[Tensor, ...]
"""(h,) or (h, c), each (layers, streams, hidden)."""
CARRIED = "carried_"


class LanguageModel(nn.Module):
    """Words of several streams to what is compared with the word vectors.

    The output weights are the word vectors themselves (Inan et al. 2017; Press & Wolf 2017). The
    state after a window of the streams is where the next window begins (truncated
    back-propagation through time, Williams & Peng 1990): it is part of the module's state, so a
    checkpoint holds it.
    """

    def __init__(
        self,
        embedding: WordEmbedding,
        streams: int,
        *,
        cell: str,
        hidden_size: int,
        layers: int = 1,
        layer_dropout: float = 0.0,
        dropout: float = 0.0,
        **cell_options: str,
    ) -> None:
        super().__init__()
        self.embedding = embedding
        make_cell: Callable[..., nn.RNNBase] = CELLS[cell]
        self.recurrent = make_cell(
            embedding.dimension, hidden_size, layers, dropout=layer_dropout, **cell_options
        )
        self.project = nn.Linear(hidden_size, embedding.dimension)
        self.dropout = nn.Dropout(dropout)
        self.bias = nn.Parameter(torch.zeros(embedding.table.num_embeddings))
        for i, part in enumerate(self.fresh_state(streams)):
            self.register_buffer(f"{CARRIED}{i}", part)

    @property
    def word_weights(self) -> Tensor:
        """The output weights, (words, dimension)."""
        return self.embedding.table.weight

    @property
    def carried(self) -> State:
        """The state after the last window."""
        return tuple(buffer for name, buffer in self.named_buffers() if name.startswith(CARRIED))

    def forget(self) -> None:
        """Begin anew: the next window is the first one."""
        for part in self.carried:
            part.zero_()

    def fresh_state(self, streams: int) -> State:
        """The state before the first window."""
        shape = self.recurrent.num_layers, streams, self.recurrent.hidden_size
        zeros = self.bias.new_zeros(shape)
        return (zeros, zeros.clone()) if isinstance(self.recurrent, nn.LSTM) else (zeros,)

    def forward(self, tokens: PackedSequence) -> Tensor:
        """The next window, ids (tokens,), to projected outputs (tokens, dimension)."""
        outputs, state = self.read(tokens, self.carried)
        with torch.no_grad():
            for part, new in zip(self.carried, state, strict=True):
                part.copy_(new)
        return outputs

    def read(self, tokens: PackedSequence, state: State) -> tuple[Tensor, State]:
        """A window that begins with `state`: projected outputs (tokens, dimension), its state."""
        vectors = PackedSequence(self.embedding(tokens.data), tokens.batch_sizes)
        given = tuple(part.clone() for part in state)
        outputs, final = self.recurrent(vectors, given if len(given) > 1 else given[0])
        projected: Tensor = self.dropout(self.project(outputs.data))
        return projected, final if isinstance(final, tuple) else (final,)
