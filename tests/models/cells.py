"""The cells under test: our layer, torch's, and the equations that both must follow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from gru_sentiment.models.recurrent import GRU, LSTM, RNN

from .cell_references import Cell, gru_cell, lstm_cell, relu_rnn_cell, tanh_rnn_cell


class CellUnderTest(NamedTuple):
    """One row of the table of cells."""

    ours: Callable[..., nn.RNNBase]
    theirs: Callable[..., nn.RNNBase]
    reference: Cell
    n_states: int = 1
    options: dict[str, str] = {}  # noqa: RUF012 - nobody writes to it

    def layers(
        self, input_size: int, hidden_size: int, n_layers: int = 1, *, seed: int = 0, **options: Any
    ) -> tuple[nn.RNNBase, nn.RNNBase]:
        """Our layers and torch's, with the same weights."""
        torch.manual_seed(seed)
        theirs = self.theirs(input_size, hidden_size, n_layers, **self.options, **options)
        ours = self.ours(input_size, hidden_size, n_layers, **self.options, **options)
        ours.load_state_dict(theirs.state_dict())
        return ours, theirs

    def states(self, module: nn.RNNBase, batch: int) -> tuple[Tensor, ...]:
        """Random initial states (layers x directions, batch, hidden): (h0,) or (h0, c0)."""
        rows = module.num_layers * (2 if module.bidirectional else 1)
        dtype = next(module.parameters()).dtype
        return tuple(
            torch.randn(rows, batch, module.hidden_size, dtype=dtype) for _ in range(self.n_states)
        )


CELLS = {
    "rnn-tanh": CellUnderTest(RNN, nn.RNN, tanh_rnn_cell, options={"nonlinearity": "tanh"}),
    "rnn-relu": CellUnderTest(RNN, nn.RNN, relu_rnn_cell, options={"nonlinearity": "relu"}),
    "gru": CellUnderTest(GRU, nn.GRU, gru_cell),
    "lstm": CellUnderTest(LSTM, nn.LSTM, lstm_cell, n_states=2),
}


def random_texts(
    lengths: list[int], width: int, *, dtype: torch.dtype = torch.float32, seed: int = 0
) -> list[Tensor]:
    """A text (length, width) of normal numbers for every length."""
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(n, width, dtype=dtype, generator=generator) for n in lengths]
