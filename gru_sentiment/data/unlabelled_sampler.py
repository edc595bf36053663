"""Unlabelled texts that are added to every labelled batch."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from gru_sentiment.arrays import Integers
from gru_sentiment.data.batching import POOL, Batches

ORDER_OF_UNLABELLED = 1
"""Part of the seed: separates this order from that of the labelled texts."""


@dataclass(frozen=True)
class UnlabelledSampler:
    """Adds the same number of unlabelled texts to every batch.

    The texts are read in an endless order, one random permutation of all of them after the other,
    which follows from the seed alone. So every text is read once before any is read again, whatever
    the length of an epoch.
    """

    rows: Integers
    """The unlabelled texts, at least `texts_per_batch` of them, shape (texts,)."""
    texts_per_batch: int
    """Unlabelled texts in a batch."""
    seed: int

    def join(self, batches: Batches, before: int) -> Batches:
        """The batches of an epoch, each with the next unlabelled texts.

        Within pools of POOL batches, long unlabelled texts go to the batches with long texts.

        Args:
            batches: the labelled batches of the epoch.
            before: the number of batches in all epochs before this one.
        """
        groups: list[Integers] = []
        for start in range(0, len(batches), POOL):
            groups += self._pool(batches, batches.groups[start : start + POOL], before + start)
        return replace(batches, groups=groups)

    def _pool(self, batches: Batches, groups: list[Integers], before: int) -> list[Integers]:
        lengths = batches.encoded.lengths
        rows = self.stream(before * self.texts_per_batch, len(groups) * self.texts_per_batch)
        rows = rows[np.argsort(lengths[rows], kind="stable")].reshape(
            len(groups), self.texts_per_batch
        )
        by_length = np.argsort([lengths[group].mean() for group in groups], kind="stable")
        rank = np.argsort(by_length, kind="stable")
        return [np.concatenate([group, rows[i]]) for group, i in zip(groups, rank, strict=True)]

    def stream(self, start: int, n: int) -> Integers:
        """`n` texts of the endless order from position `start`, shape (n,)."""
        first, last = start // len(self.rows), (start + n - 1) // len(self.rows)
        orders = [
            np.random.default_rng([self.seed, number, ORDER_OF_UNLABELLED]).permutation(self.rows)
            for number in range(first, last + 1)
        ]
        skipped = start - first * len(self.rows)
        texts: Integers = np.concatenate(orders)[skipped : skipped + n]
        return texts
