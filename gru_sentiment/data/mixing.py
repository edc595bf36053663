"""Texts without labels beside those of every batch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gru_sentiment.arrays import Integers
from gru_sentiment.data.batching import POOL, Batches

STREAM = 1
"""Tells the generator of this order from that of the labelled texts."""


@dataclass(frozen=True)
class UnlabelledSampler:
    """Texts that are read in one order after the other, the same number with every batch.

    All texts are read once before one is read again, whatever an epoch is: the order is a stream
    of permutations, which follows from the seed alone.
    """

    rows: Integers
    """The texts, at least `each` of them."""
    each: int
    """Texts a batch."""
    seed: int

    def join(self, batches: Batches, before: int) -> Batches:
        """The next texts beside those of an epoch's batches; `before` it there were so many.

        Within pools of many batches, long texts go to the batches that hold long ones.
        """
        groups: list[Integers] = []
        for start in range(0, len(batches), POOL):
            groups += self._pool(batches, batches.groups[start : start + POOL], before + start)
        return Batches(batches.encoded, groups, batches.labels)

    def _pool(self, batches: Batches, groups: list[Integers], before: int) -> list[Integers]:
        lengths = batches.encoded.lengths
        rows = self.stream(before * self.each, len(groups) * self.each)
        rows = rows[np.argsort(lengths[rows], kind="stable")].reshape(len(groups), self.each)
        by_length = np.argsort([lengths[group].mean() for group in groups], kind="stable")
        rank = np.argsort(by_length, kind="stable")
        return [
            np.concatenate([group, rows[place]]) for group, place in zip(groups, rank, strict=True)
        ]

    def stream(self, start: int, n: int) -> Integers:
        """`n` texts of the endless order, from its place `start` on."""
        first, last = start // len(self.rows), (start + n - 1) // len(self.rows)
        orders = [
            np.random.default_rng([self.seed, number, STREAM]).permutation(self.rows)
            for number in range(first, last + 1)
        ]
        skipped = start - first * len(self.rows)
        found: Integers = np.concatenate(orders)[skipped : skipped + n]
        return found
