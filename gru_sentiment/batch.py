"""What travels from the data room to the model: one batch of texts."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn.utils.rnn import PackedSequence

from gru_sentiment.arrays import NO_LABEL


@dataclass(frozen=True)
class Batch:
    """Texts sorted by length, longest first, packed without a single padded position.

    `tokens.data` holds token ids, shape (tokens,), time-major: the first token of every text, then
    the second token of every text that has one, and so on. `tokens.batch_sizes[t]` says how many
    texts reach step t. Lengths 3, 2 and 2 give::

        data         a1 b1 c1  a2 b2 c2  a3
        batch_sizes  3         3         1

    `labels` are the targets of the texts, absent when predicting: class indices, shape (batch,),
    of which `unlabelled` are `NO_LABEL`; or, where a text has any number of classes, a 1 for each
    of them, shape (batch, classes). `weights` say how often each text counts in the loss, shape
    (batch,); without them all count once. `rows` are the texts' rows in the source, shape (batch,),
    by which a caller restores its own order.
    """

    tokens: PackedSequence
    rows: torch.Tensor
    labels: torch.Tensor | None = None
    unlabelled: int = 0
    weights: torch.Tensor | None = None

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def n_judged(self) -> int:
        """Number of texts that can be right or wrong: all but the unlabelled ones."""
        return len(self) - self.unlabelled

    @property
    def unlabelled_places(self) -> torch.Tensor:
        """Which texts of the batch have no label, shape (unlabelled,)."""
        assert self.labels is not None
        return (self.labels == NO_LABEL).nonzero().squeeze(1)

    @property
    def n_tokens(self) -> int:
        """Number of tokens in the batch."""
        return len(self.tokens.data)

    def to(self, device: torch.device) -> Batch:
        """The same batch with all but its rows on `device`."""
        if self.tokens.data.device == device:
            return self
        labels = None if self.labels is None else self.labels.to(device)
        weights = None if self.weights is None else self.weights.to(device)
        tokens = self.tokens.to(device)  # type: ignore[arg-type]
        return Batch(tokens, self.rows, labels, self.unlabelled, weights)
