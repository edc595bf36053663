"""The language model that an encoder is pre-trained as: what comes next, in one direction or two.

::

    tokens        w1  w2  w3  ...        every stream is read from left to right
    recurrent     h1  h2  h3             layers of one cell
    projected     p1  p2  p3             to the size of a word vector
    predicted     w2  w3  w4             p . table^T + bias: the table of word vectors, tied

Two directions are two such models over streams of their own, side by side: they share the table and
the bias, and neither sees what the other one reads.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from gru_sentiment.models.embedding import WordEmbedding
from gru_sentiment.models.recurrent import CELLS

State = tuple[Tensor, ...]
"""(h,) or (h, c), each (directions x layers, streams, hidden)."""
CARRIED = "carried_"
SUFFIXES = ("", "_reverse")
"""Of what each direction has, as torch names it."""


class LanguageModel(nn.Module):
    """Tokens of several streams to vectors that are compared with the word vectors.

    A batch holds `streams` streams a direction, those of the first direction first. The output
    weights are the word vectors themselves (Inan et al. 2017; Press & Wolf 2017). The state after
    a window of the streams is where the next window begins (truncated back-propagation through
    time, Williams & Peng 1990): it is part of the module's state, so a checkpoint holds it.
    """

    def __init__(
        self,
        embedding: WordEmbedding,
        streams: int,
        *,
        cell: str,
        hidden_size: int,
        directions: int = 1,
        layers: int = 1,
        layer_dropout: float = 0.0,
        dropout: float = 0.0,
        **cell_options: str,
    ) -> None:
        super().__init__()
        self.embedding = embedding
        make_cell: Callable[..., nn.RNNBase] = CELLS[cell]
        self.suffixes = SUFFIXES[:directions]
        for suffix in self.suffixes:
            recurrent = make_cell(
                embedding.dimension, hidden_size, layers, dropout=layer_dropout, **cell_options
            )
            self.add_module(f"recurrent{suffix}", recurrent)
            self.add_module(f"project{suffix}", nn.Linear(hidden_size, embedding.dimension))
        self.dropout = nn.Dropout(dropout)
        self.bias = nn.Parameter(torch.zeros(embedding.table.num_embeddings))
        for i, part in enumerate(self.fresh_state(streams)):
            self.register_buffer(f"{CARRIED}{i}", part)

    @property
    def directions(self) -> int:
        """1, or 2 side by side."""
        return len(self.suffixes)

    @property
    def word_weights(self) -> Tensor:
        """The output weights, (words, dimension)."""
        return self.embedding.table.weight

    @property
    def carried(self) -> State:
        """The state after the last window."""
        return tuple(buffer for name, buffer in self.named_buffers() if name.startswith(CARRIED))

    def forget(self) -> None:
        """Set the carried state to zero: the next window is the first one."""
        for part in self.carried:
            part.zero_()

    def fresh_state(self, streams: int) -> State:
        """The state before the first window."""
        recurrent = self.get_submodule("recurrent")
        assert isinstance(recurrent, nn.RNNBase)
        shape = self.directions * recurrent.num_layers, streams, recurrent.hidden_size
        zeros = self.bias.new_zeros(shape)
        return (zeros, zeros.clone()) if isinstance(recurrent, nn.LSTM) else (zeros,)

    def forward(self, tokens: PackedSequence) -> Tensor:
        """The next window, ids (tokens,), to projected outputs (tokens, dimension)."""
        outputs, state = self.read(tokens, self.carried)
        with torch.no_grad():
            for part, new in zip(self.carried, state, strict=True):
                part.copy_(new)
        return outputs

    def read(self, tokens: PackedSequence, state: State) -> tuple[Tensor, State]:
        """A window that begins with `state`: projected outputs (tokens, dimension), its state."""
        steps = len(tokens.batch_sizes)
        vectors = self.by_direction(self.embedding(tokens.data), steps)
        states = zip(*(part.chunk(self.directions) for part in state), strict=True)
        sizes = tokens.batch_sizes // self.directions
        projected, finals = zip(
            *(
                self._read_one(suffix, PackedSequence(x, sizes), given)
                for suffix, x, given in zip(self.suffixes, vectors, states, strict=True)
            ),
            strict=True,
        )
        # step by step, the streams of one direction beside those of the other
        together = torch.stack([p.reshape(steps, -1, p.shape[1]) for p in projected], 1)
        final = tuple(torch.cat(parts) for parts in zip(*finals, strict=True))
        return self.dropout(together.flatten(0, 2)), final

    def by_direction(self, values: Tensor, steps: int) -> list[Tensor]:
        """What a window of `steps` steps has a token, (tokens, ...), apart for every direction."""
        apart = values.reshape(steps, self.directions, -1, *values.shape[1:])
        return [part.flatten(0, 1) for part in apart.unbind(1)]

    def weights(self) -> dict[str, Tensor]:
        """All but the carried state, the recurrent layers named as torch's bidirectional ones."""
        named = {}
        for name, tensor in self.state_dict().items():
            module, _, rest = name.partition(".")
            if module == "recurrent_reverse":
                named[f"recurrent.{rest}_reverse"] = tensor
            elif not name.startswith(CARRIED):
                named[name] = tensor
        return named

    def _read_one(self, suffix: str, vectors: PackedSequence, state: State) -> tuple[Tensor, State]:
        """One direction: projected outputs (tokens, dimension), its state."""
        given = tuple(part.clone() for part in state)
        recurrent = self.get_submodule(f"recurrent{suffix}")
        outputs, final = recurrent(vectors, given if len(given) > 1 else given[0])
        projected: Tensor = self.get_submodule(f"project{suffix}")(outputs.data)
        return projected, final if isinstance(final, tuple) else (final,)
