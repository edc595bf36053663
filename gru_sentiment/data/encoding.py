"""Words to ids, looked up when they are read: nothing is kept a word but what is on the disk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from gru_sentiment.arrays import Ids, Integers
from gru_sentiment.data.tokenizer import TokenizedTexts
from gru_sentiment.data.vocab import PADDING_ID, UNKNOWN_ID, Vocabulary

ROWS_AT_A_TIME = 1_000
"""Texts whose words are progress_of at once: bounds the memory."""


@dataclass(frozen=True)
class EncodedTexts:
    """Ids of many texts, uncut; what a model reads of a text is its head and its tail."""

    id_of: Ids
    """Id of every distinct word, shape (words,)."""
    indices: Ids
    """Every word of every text, as a position in `id_of`, shape (tokens,); memory-mapped where
    the words come from the cache."""
    offsets: Integers
    """Text i is `indices[offsets[i]:offsets[i + 1]]`, shape (texts + 1,)."""
    max_tokens: int | None
    head_tokens: int

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @cached_property
    def full_lengths(self) -> Integers:
        """Words of every text before truncation, shape (texts,)."""
        lengths: Integers = np.diff(self.offsets)
        return lengths

    @cached_property
    def lengths(self) -> Integers:
        """Steps that a model makes over every text, shape (texts,); at least 1.

        An empty text is read as one padding token: a zero vector, "no word".
        """
        lengths = self.full_lengths
        cut = lengths if self.max_tokens is None else np.minimum(lengths, self.max_tokens)
        read: Integers = np.maximum(cut, 1)
        return read

    @property
    def truncated(self) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Which texts lose their middle, shape (texts,)."""
        lengths = self.full_lengths
        return np.zeros(len(self), bool) if self.max_tokens is None else lengths > self.max_tokens

    def at_most(self, tokens: int | None) -> EncodedTexts:
        """The same texts, of which no more than `tokens` words are read; None changes nothing."""
        if tokens is None or (self.max_tokens is not None and self.max_tokens <= tokens):
            return self
        return replace(self, max_tokens=tokens)

    def positions(self, rows: Integers, steps: Integers) -> Integers:
        """Where in `ids` step `steps[i]` of text `rows[i]` stands: head first, then tail."""
        skipped = self.full_lengths[rows] - self.lengths[rows]
        behind_head = (steps >= self.head_tokens) & (skipped > 0)
        found: Integers = self.offsets[rows] + steps + np.where(behind_head, skipped, 0)
        return found

    def read(self, rows: Integers, steps: Integers) -> Ids:
        """The id at step `steps[i]` of text `rows[i]`; padding in an empty text."""
        empty = self.full_lengths[rows] == 0
        positions = np.where(empty, 0, self.positions(rows, steps))
        if not len(self.indices):
            return np.full(len(rows), np.int32(PADDING_ID))
        return np.where(empty, np.int32(PADDING_ID), self.id_of[self.indices[positions]])

    def ids(self, row: int) -> Ids:
        """All ids of a text, uncut, shape (its words,)."""
        return self.id_of[self.indices[self.offsets[row] : self.offsets[row + 1]]]

    def unknown_tokens(self, rows: Integers) -> Integers:
        """Words of the texts `rows` that the vocabulary does not know, of those that are read.

        Shape (rows,).
        """
        counts = [np.zeros(0, np.int64)]
        for start in range(0, len(rows), ROWS_AT_A_TIME):
            some = rows[start : start + ROWS_AT_A_TIME]
            lengths = self.lengths[some]
            text = np.repeat(np.arange(len(some)), lengths)
            step = np.arange(len(text)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
            unknown = self.read(some[text], step) == UNKNOWN_ID
            counts.append(np.bincount(text[unknown], minlength=len(some)))
        found: Integers = np.concatenate(counts)
        return found

    def uncut(self, rows: Integers, tokens: int) -> Iterator[tuple[Ids, Integers]]:
        """All ids of the texts `rows` in turn, about `tokens` words at once.

        Yields the ids of some texts, one text after the other, and their lengths.
        """
        part_of = np.cumsum(self.full_lengths[rows]) // tokens
        for part in np.split(rows, np.flatnonzero(np.diff(part_of)) + 1):
            if len(part):
                yield np.concatenate([self.ids(row) for row in part]), self.full_lengths[part]


def encode(
    tokenized: TokenizedTexts, vocabulary: Vocabulary, *, max_tokens: int | None, head_tokens: int
) -> EncodedTexts:
    """Look every distinct word up once."""
    id_of = vocabulary.ids(tokenized.words)
    return EncodedTexts(id_of, tokenized.indices, tokenized.offsets, max_tokens, head_tokens)
