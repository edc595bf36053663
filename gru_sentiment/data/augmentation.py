"""Data augmentation: tokens of training texts are dropped or replaced at random."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch.nn.utils.rnn import PackedSequence

from gru_sentiment.arrays import Ids
from gru_sentiment.batch import Batch
from gru_sentiment.data.vocab import PADDING_ID, UNKNOWN_ID


@dataclass(frozen=True)
class Augmentation:
    """Replaces each token of a batch by a neighbour or by the unknown word, or keeps it.

    Word dropout is that of Iyyer et al. (2015), but a dropped token becomes the unknown word and
    does not leave the text, so that lengths and batches stay the same. The padding token of an
    empty text is never dropped.
    """

    word_dropout: float
    """Probability that a token becomes the unknown word."""
    synonyms: float
    """Probability that a token becomes one of its neighbours, which are equally likely."""
    neighbours: Ids | None
    """Ids of the neighbours of every word, shape (words, k), from `vectors.neighbours.nearest`;
    needed if `synonyms` is above 0."""

    def __call__(self, batch: Batch, generator: np.random.Generator) -> Batch:
        """The augmented batch, which follows from the batch and the generator alone."""
        ids = batch.tokens.data.numpy()
        dropped = (generator.random(len(ids)) < self.word_dropout) & (ids != PADDING_ID)
        if self.neighbours is not None:
            replaced = generator.random(len(ids)) < self.synonyms
            which = generator.integers(self.neighbours.shape[1], size=len(ids))
            ids = np.where(replaced, self.neighbours[ids, which], ids)
        ids = np.where(dropped, UNKNOWN_ID, ids)
        tokens = PackedSequence(torch.from_numpy(ids), batch.tokens.batch_sizes)
        return replace(batch, tokens=tokens)


@dataclass(frozen=True)
class AugmentedBatches(Sequence[Batch]):
    """The augmented batches of an epoch; each follows from (seed, epoch, batch number) alone."""

    batches: Sequence[Batch]
    augmentation: Augmentation
    seed: int
    epoch: int

    def __len__(self) -> int:
        return len(self.batches)

    def __getitem__(self, index: Any) -> Any:
        # the spawn key separates this generator from others of the same seed and epoch
        sequence = np.random.SeedSequence([self.seed, self.epoch], spawn_key=(index,))
        return self.augmentation(self.batches[index], np.random.default_rng(sequence))
