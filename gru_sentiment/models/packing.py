"""Where each token of a packed batch lies."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Layout:
    """The geometry of a packed batch, from its `batch_sizes` alone.

    A token is known by its step t and its text b; it lies at `starts[t] + b`. Since texts are
    sorted by length, a text read backwards within its own length has the same `batch_sizes`:
    reversing a batch is a permutation of its tokens, and the same permutation undoes it.
    """

    sizes: list[int]
    """Texts that reach step t, for every t; falls from `batch` to 1 or more."""
    starts: list[int]
    """Position of the first token of step t."""
    step_of: Tensor
    """Step of every token, shape (tokens,)."""
    text_of: Tensor
    """Text of every token, shape (tokens,)."""
    lengths: Tensor
    """Tokens in every text, shape (batch,)."""
    last: Tensor
    """Position of every text's last token, shape (batch,)."""

    @classmethod
    def of(cls, batch_sizes: Tensor, device: torch.device) -> Layout:
        """The layout of a packed batch; `batch_sizes` has shape (time,) and lies on the CPU."""
        sizes = batch_sizes.to(torch.int64)
        starts = sizes.cumsum(0) - sizes
        step_of = torch.repeat_interleave(torch.arange(len(sizes)), sizes)
        text_of = torch.arange(len(step_of)) - starts[step_of]
        lengths = torch.bincount(text_of)
        last = starts[lengths - 1] + torch.arange(len(lengths))
        return cls(
            sizes.tolist(),
            starts.tolist(),
            step_of.to(device),
            text_of.to(device),
            lengths.to(device),
            last.to(device),
        )

    @property
    def reverse(self) -> Tensor:
        """Position of the token that stands mirrored within the same text, shape (tokens,)."""
        starts = torch.tensor(self.starts, device=self.text_of.device)
        mirrored = self.lengths[self.text_of] - 1 - self.step_of
        return starts[mirrored] + self.text_of

    @property
    def previous(self) -> Tensor:
        """Position of the token before, for all tokens but the first, shape (tokens - batch,)."""
        starts = torch.tensor(self.starts, device=self.text_of.device)
        after_first = slice(self.sizes[0], None)
        return starts[self.step_of[after_first] - 1] + self.text_of[after_first]
