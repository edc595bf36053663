"""Batches of texts of similar lengths, packed without padding."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch.nn.utils.rnn import PackedSequence

from gru_sentiment.arrays import NO_LABEL, Integers, Singles
from gru_sentiment.batch import Batch
from gru_sentiment.data.encoding import EncodedTexts
from gru_sentiment.data.packed import Packed, within_budget

POOL = 50
"""Batches in a pool: shuffled texts are sorted by length within a pool."""


def pack(
    encoded: EncodedTexts,
    rows: Integers,
    labels: Integers | None = None,
    weights: Singles | None = None,
) -> Batch:
    """Pack the texts `rows` into a batch, the longest first.

    Args:
        encoded: all texts.
        rows: the texts of the batch, shape (batch,).
        labels: target of every text in `encoded`, shape (texts,) or (texts, classes); None when
            predicting.
        weights: how often every text counts in training, shape (texts,); None is once.
    """
    packed = Packed.of(encoded, rows)
    ids = torch.from_numpy(packed.ids.astype(np.int64))
    tokens, rows = PackedSequence(ids, torch.from_numpy(packed.sizes)), packed.rows
    if labels is None:
        return Batch(tokens, torch.from_numpy(rows))
    chosen = labels[rows]
    unlabelled = int(np.count_nonzero(chosen == NO_LABEL))
    of_rows = None if weights is None else torch.from_numpy(weights[rows])
    return Batch(tokens, torch.from_numpy(rows), torch.from_numpy(chosen), unlabelled, of_rows)


@dataclass(frozen=True)
class Batches(Sequence[Batch]):
    """Batches that are packed when they are read; `groups` are the rows of each."""

    encoded: EncodedTexts
    groups: list[Integers]
    labels: Integers | None = None
    weights: Singles | None = None

    def __len__(self) -> int:
        return len(self.groups)

    def __getitem__(self, index):  # type: ignore[no-untyped-def]
        return pack(self.encoded, self.groups[index], self.labels, self.weights)

    def __iter__(self) -> Iterator[Batch]:
        return (pack(self.encoded, group, self.labels, self.weights) for group in self.groups)


@dataclass(frozen=True)
class Batcher:
    """Splits rows into batches of texts of similar lengths.

    Exactly one of `batch_size` (texts) and `tokens_per_batch` (the most tokens; a longer text is a
    batch of its own) is set.
    """

    encoded: EncodedTexts
    batch_size: int | None = 64
    tokens_per_batch: int | None = None

    @cached_property
    def _lengths(self) -> Integers:
        return self.encoded.lengths

    def in_order(self, rows: Integers, labels: Integers | None = None) -> Batches:
        """Batches by length, the longest first, for evaluation and prediction."""
        ordered = rows[np.argsort(-self._lengths[rows], kind="stable")]
        return Batches(self.encoded, self._divide(ordered), labels)

    def shuffled(
        self,
        rows: Integers,
        labels: Integers | None,
        weights: Singles | None = None,
        *,
        seed: int,
        epoch: int,
    ) -> Batches:
        """Batches for training, in an order that follows from (seed, epoch) alone.

        The texts are shuffled and sorted by length within pools of POOL batches; then the batches
        are shuffled. So the texts of a batch have similar lengths, and every epoch has other
        batches.
        """
        generator = np.random.default_rng([seed, epoch])
        shuffled = generator.permutation(rows)
        pool = POOL * self._texts_a_batch(rows)
        groups: list[Integers] = []
        for start in range(0, len(shuffled), pool):
            pooled = shuffled[start : start + pool]
            groups += self._divide(pooled[np.argsort(-self._lengths[pooled], kind="stable")])
        order = generator.permutation(len(groups))
        return Batches(self.encoded, [groups[i] for i in order], labels, weights)

    def n_shuffled(self, rows: Integers, *, seed: int, epoch: int) -> int:
        """The number of batches of `shuffled`."""
        if self.batch_size is not None:
            # every pool holds whole batches, so only the last batch of all may be smaller
            return math.ceil(len(rows) / self.batch_size)
        return len(self.shuffled(rows, None, seed=seed, epoch=epoch))

    def _texts_a_batch(self, rows: Integers) -> int:
        if self.batch_size is not None:
            return self.batch_size
        mean = float(self._lengths[rows].mean()) if len(rows) else 1.0
        return max(1, int((self.tokens_per_batch or 1) / mean))

    def _divide(self, rows: Integers) -> list[Integers]:
        if self.batch_size is not None:
            return [rows[i : i + self.batch_size] for i in range(0, len(rows), self.batch_size)]
        return within_budget(rows, self._lengths, self.tokens_per_batch or 1)
