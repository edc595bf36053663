"""Tokens to ids. An id is looked up when a batch is read, so no array of all ids is kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from gru_sentiment.arrays import Booleans, Ids, Integers
from gru_sentiment.data.tokens import TokenizedTexts
from gru_sentiment.data.vocab import PADDING_ID, UNKNOWN_ID, Vocabulary

ROWS_AT_A_TIME = 1_000
"""Texts whose unknown tokens are counted at once; bounds the memory."""


@dataclass(frozen=True)
class EncodedTexts:
    """The ids of many texts, stored in full; a model reads the head and the tail of a long text."""

    id_of: Ids
    """Id of every distinct token, shape (distinct tokens,)."""
    indices: Ids
    """Every token of every text as a position in `id_of`, shape (tokens,); memory-mapped if the
    tokens come from the cache."""
    offsets: Integers
    """Text i is `indices[offsets[i]:offsets[i + 1]]`, shape (texts + 1,)."""
    max_tokens: int | None
    """The most tokens that a model reads of a text; None reads all."""
    head_tokens: int
    """How many of `max_tokens` are taken from the beginning of a text."""

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @cached_property
    def full_lengths(self) -> Integers:
        """Tokens of every text before truncation, shape (texts,)."""
        lengths: Integers = np.diff(self.offsets)
        return lengths

    @cached_property
    def lengths(self) -> Integers:
        """Tokens that a model reads of every text, shape (texts,); at least 1.

        An empty text is read as one padding token, whose vector is zero.
        """
        lengths = self.full_lengths
        cut = lengths if self.max_tokens is None else np.minimum(lengths, self.max_tokens)
        read: Integers = np.maximum(cut, 1)
        return read

    @property
    def truncated(self) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Whether a text is longer than `max_tokens` and loses its middle, shape (texts,)."""
        lengths = self.full_lengths
        return np.zeros(len(self), bool) if self.max_tokens is None else lengths > self.max_tokens

    def at_most(self, tokens: int | None) -> EncodedTexts:
        """The same texts, of which a model reads at most `tokens` tokens; None changes nothing."""
        if tokens is None or (self.max_tokens is not None and self.max_tokens <= tokens):
            return self
        return replace(self, max_tokens=tokens)

    def positions(self, rows: Integers, steps: Integers) -> Integers:
        """The position in `indices` of step `steps[i]` of text `rows[i]`: head first, then tail."""
        skipped = self.full_lengths[rows] - self.lengths[rows]
        after_head = (steps >= self.head_tokens) & (skipped > 0)
        positions: Integers = self.offsets[rows] + steps + np.where(after_head, skipped, 0)
        return positions

    def read(self, rows: Integers, steps: Integers) -> Ids:
        """The id at step `steps[i]` of text `rows[i]`; the padding id in an empty text."""
        empty = self.full_lengths[rows] == 0
        positions = np.where(empty, 0, self.positions(rows, steps))
        if not len(self.indices):
            return np.full(len(rows), np.int32(PADDING_ID))
        return np.where(empty, np.int32(PADDING_ID), self.id_of[self.indices[positions]])

    def ids(self, row: int) -> Ids:
        """All ids of a text before truncation, shape (tokens of the text,)."""
        return self.id_of[self.indices[self.offsets[row] : self.offsets[row + 1]]]

    def unknown_tokens(self, rows: Integers) -> Integers:
        """The number of unknown tokens among those that a model reads of `rows`, shape (rows,)."""
        counts = [np.zeros(0, np.int64)]
        for start in range(0, len(rows), ROWS_AT_A_TIME):
            chunk = rows[start : start + ROWS_AT_A_TIME]
            lengths = self.lengths[chunk]
            text = np.repeat(np.arange(len(chunk)), lengths)
            step = np.arange(len(text)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
            unknown = self.read(chunk[text], step) == UNKNOWN_ID
            counts.append(np.bincount(text[unknown], minlength=len(chunk)))
        unknown_tokens: Integers = np.concatenate(counts)
        return unknown_tokens

    def tokens_read(self, rows: Integers) -> Integers:
        """Tokens that a model reads of `rows`, none of an empty text, shape (rows,)."""
        read: Integers = np.minimum(self.full_lengths[rows], self.lengths[rows])
        return read

    def without_known_token(self, rows: Integers) -> Booleans:
        """Whether all tokens that a model reads of a text are unknown, shape (rows,)."""
        unknown: Booleans = self.unknown_tokens(rows) == self.tokens_read(rows)
        return unknown

    def full_ids(self, rows: Integers, tokens: int) -> Iterator[tuple[Ids, Integers]]:
        """All ids of the texts `rows` before truncation, in groups of about `tokens` tokens.

        Yields for each group the ids of its texts, one text after the other, shape (tokens,), and
        the lengths of the texts, shape (texts,).
        """
        group_of = np.cumsum(self.full_lengths[rows]) // tokens
        for group in np.split(rows, np.flatnonzero(np.diff(group_of)) + 1):
            if len(group):
                yield np.concatenate([self.ids(row) for row in group]), self.full_lengths[group]


def encode(
    tokenized: TokenizedTexts, vocabulary: Vocabulary, *, max_tokens: int | None, head_tokens: int
) -> EncodedTexts:
    """Look up the id of every distinct token once.

    Args:
        tokenized: the texts.
        vocabulary: the words that the model knows.
        max_tokens: the most tokens that a model reads of a text; None reads all.
        head_tokens: how many of them are taken from the beginning of a text.
    """
    id_of = vocabulary.ids(tokenized.distinct)
    return EncodedTexts(id_of, tokenized.indices, tokenized.offsets, max_tokens, head_tokens)
