"""Texts as a few long streams of tokens, read in windows, for language models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.nn.utils.rnn import PackedSequence

from gru_sentiment.arrays import Ids, Integers
from gru_sentiment.batch import Batch
from gru_sentiment.data.encoding import EncodedTexts
from gru_sentiment.data.vocab import PADDING_ID

END_OF_TEXT = PADDING_ID
"""Id of the mark before every text."""


def token_stream(encoded: EncodedTexts, rows: Integers, *, backward: bool = False) -> Ids:
    """The ids of the texts `rows` before truncation, a mark before each, shape (tokens + texts,).

    `backward` reverses the order, so that the next token is the one before. A mark stands before
    every reversed text too, so that a text begins in the same way in both directions.
    """
    lengths = encoded.full_lengths[rows]
    starts = np.cumsum(lengths + 1) - lengths
    joined = np.full(stream_length(encoded, rows), END_OF_TEXT, np.int32)
    shift = np.repeat(encoded.offsets[rows] - starts, lengths)
    positions = np.arange(len(joined))
    is_token = np.ones(len(joined), bool)
    is_token[starts - 1] = False
    tokens = positions[is_token]
    joined[tokens] = encoded.id_of[encoded.indices[tokens + shift]]
    # reversed, the first mark is the last id: it moves to the front
    return np.roll(joined[::-1], 1) if backward else joined


def stream_length(encoded: EncodedTexts, rows: Integers) -> int:
    """The length of `token_stream`: tokens and marks."""
    return int(encoded.full_lengths[rows].sum()) + len(rows)


def n_windows(tokens: int, streams: int, window: int) -> int:
    """The number of windows that so many tokens make, cut into `streams` streams."""
    return max(0, (tokens // streams - 1) // window)


def concatenated_streams(sequences: Sequence[Ids], streams: int) -> Ids:
    """Concatenate sequences of one length so that each can be cut into `streams` streams.

    The last tokens of a sequence, fewer than `streams`, are left out.
    """
    return np.concatenate([ids[: len(ids) // streams * streams] for ids in sequences])


@dataclass(frozen=True)
class Windows(Sequence[Batch]):
    """Streams of one length, cut into windows; a window is a batch, its labels the next tokens.

    Step t of stream s in window w is token `s * length + w * window + t`, so that every stream
    continues in the next window. The last tokens of a stream, fewer than a window, are left out.
    """

    ids: Ids
    """The ids of all streams, one stream after the other, shape (streams * length,)."""
    streams: int
    window: int
    """Tokens of a stream in a window."""

    @property
    def length(self) -> int:
        """Tokens of a stream, with the one after its last window."""
        return len(self.ids) // self.streams

    def __len__(self) -> int:
        return n_windows(len(self.ids), self.streams, self.window)

    def __getitem__(self, index: Any) -> Any:
        if not 0 <= index < len(self):
            raise IndexError(index)
        streams = self.ids[: self.streams * self.length].reshape(self.streams, self.length)
        start = index * self.window
        ids = streams[:, start : start + self.window + 1].T.astype(np.int64)
        sizes = torch.full((self.window,), self.streams)
        tokens = PackedSequence(torch.from_numpy(ids[:-1].reshape(-1)), sizes)
        return Batch(tokens, torch.arange(self.streams), torch.from_numpy(ids[1:].reshape(-1)))
