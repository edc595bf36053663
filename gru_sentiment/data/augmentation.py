"""Words dropped or replaced while training: a text is never read twice in the same words."""

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
    """Each word of a batch is replaced by a neighbour, or by the unknown word, or stays.

    Word dropout is that of Iyyer et al. 2015, but a dropped word becomes the unknown one instead
    of leaving the text: lengths, and with them the batches, stay as they are. An empty text's
    padding is "no word" and is never dropped.
    """

    word_dropout: float
    """Probability that a word becomes the unknown one."""
    synonyms: float
    """Probability that a word becomes one of its neighbours, all of them equally likely."""
    neighbours: Ids | None
    """What `nearest` gives, shape (words, k); needed where `synonyms` is not 0."""

    def __call__(self, batch: Batch, generator: np.random.Generator) -> Batch:
        """The batch in other words; which ones follows from the generator alone."""
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
    """An epoch's batches in other words, which follow from (seed, epoch, batch number) alone."""

    batches: Sequence[Batch]
    augmentation: Augmentation
    seed: int
    epoch: int

    def __len__(self) -> int:
        return len(self.batches)

    def __getitem__(self, index: Any) -> Any:
        # the key keeps it apart from what else is drawn from (seed, epoch)
        sequence = np.random.SeedSequence([self.seed, self.epoch], spawn_key=(index,))
        return self.augmentation(self.batches[index], np.random.default_rng(sequence))
