"""Token ids to word vectors."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class WordEmbedding(nn.Module):
    """A table of word vectors with dropout on its rows.

    `weights` is the initial table, shape (words, dimension). The row of `padding_id` is zero and
    stays zero: it stands for "no token", the only token of an empty text.
    """

    def __init__(self, weights: Tensor, *, padding_id: int, dropout: float = 0.0) -> None:
        super().__init__()
        words, dimension = weights.shape
        self.table = nn.Embedding(words, dimension, padding_idx=padding_id)
        with torch.no_grad():
            self.table.weight.copy_(weights)
            self.table.weight[padding_id].zero_()
        self.dropout = nn.Dropout(dropout)

    @property
    def dimension(self) -> int:
        """Numbers in a word vector."""
        return self.table.embedding_dim

    def forward(self, ids: Tensor) -> Tensor:
        """Ids (tokens,) to vectors (tokens, dimension)."""
        vectors: Tensor = self.dropout(self.table(ids))
        return vectors

    def set_trainable(self, trainable: bool) -> None:
        """Freeze or fine-tune the table."""
        self.table.weight.requires_grad_(trainable)
