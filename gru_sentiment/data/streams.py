"""Texts as a few long streams, read window by window."""

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
"""Stands between two texts: "no word"."""


def in_a_row(encoded: EncodedTexts, rows: Integers, *, backward: bool = False) -> Ids:
    """The uncut texts `rows` one after the other, each behind a mark, shape (words + texts,).

    `backward` reads everything from its end: the word that comes next is the one before. Its
    texts stand behind a mark too, so that a text begins alike in both directions.
    """
    lengths = encoded.full_lengths[rows]
    starts = np.cumsum(lengths + 1) - lengths
    joined = np.full(words_in_a_row(encoded, rows), END_OF_TEXT, np.int32)
    shift = np.repeat(encoded.offsets[rows] - starts, lengths)
    places = np.arange(len(joined))
    is_word = np.ones(len(joined), bool)
    is_word[starts - 1] = False
    words = places[is_word]
    joined[words] = encoded.id_of[encoded.indices[words + shift]]
    # the first mark is the last one from the end
    return np.roll(joined[::-1], 1) if backward else joined


def words_in_a_row(encoded: EncodedTexts, rows: Integers) -> int:
    """How long `in_a_row` is."""
    return int(encoded.full_lengths[rows].sum()) + len(rows)


def windows_of(words: int, streams: int, window: int) -> int:
    """How many windows so many words in a row are cut into."""
    return max(0, (words // streams - 1) // window)


def side_by_side(rows_of_words: Sequence[Ids], streams: int) -> Ids:
    """Words in a row that are cut into `streams` streams of each of `rows_of_words`, in turn.

    Those have one length; the last few words of each, fewer than one a stream, are left out.
    """
    return np.concatenate([ids[: len(ids) // streams * streams] for ids in rows_of_words])


@dataclass(frozen=True)
class Windows(Sequence[Batch]):
    """Streams of equal length cut into windows, each a batch; the labels are the next words.

    Stream s and step t of window w are word `s * length + w * window + t` of the text: what a
    stream says goes on in the next window. The last few words, fewer than a window a stream, are
    left out.
    """

    ids: Ids
    """All words in a row."""
    streams: int
    window: int
    """Words of a stream a window."""

    @property
    def length(self) -> int:
        """Words of a stream, the one behind its last window included."""
        return len(self.ids) // self.streams

    def __len__(self) -> int:
        return windows_of(len(self.ids), self.streams, self.window)

    def __getitem__(self, index: Any) -> Any:
        if not 0 <= index < len(self):
            raise IndexError(index)
        streams = self.ids[: self.streams * self.length].reshape(self.streams, self.length)
        start = index * self.window
        words = streams[:, start : start + self.window + 1].T.astype(np.int64)
        sizes = torch.full((self.window,), self.streams)
        tokens = PackedSequence(torch.from_numpy(words[:-1].reshape(-1)), sizes)
        return Batch(tokens, torch.arange(self.streams), torch.from_numpy(words[1:].reshape(-1)))
