"""The tokens of many texts, in arrays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from gru_sentiment.arrays import Ids, Integers


@dataclass(frozen=True)
class TokenizedTexts:
    """The tokens of many texts, each distinct token stored once. The arrays may be read-only."""

    distinct: list[str]
    """The distinct tokens of all texts."""
    indices: Ids
    """Every token of every text as a position in `distinct`, shape (tokens,)."""
    offsets: Integers
    """Text i is `indices[offsets[i]:offsets[i + 1]]`, shape (texts + 1,)."""

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def counts(self, rows: Integers) -> dict[str, int]:
        """How often each token occurs in the texts `rows`; those that do not are left out."""
        spans = [self.indices[self.offsets[row] : self.offsets[row + 1]] for row in rows]
        taken = np.concatenate(spans) if spans else self.indices[:0]
        counts = np.bincount(taken, minlength=len(self.distinct))
        return {self.distinct[i]: int(counts[i]) for i in np.flatnonzero(counts)}

    @classmethod
    def of(cls, texts: Iterable[Sequence[str]]) -> TokenizedTexts:
        """From the tokens of each text."""
        positions: dict[str, int] = {}
        indices, offsets = [], [0]
        for tokens in texts:
            indices += [positions.setdefault(token, len(positions)) for token in tokens]
            offsets.append(len(indices))
        return cls(list(positions), np.array(indices, np.int32), np.array(offsets, np.int64))

    @classmethod
    def joined(cls, groups: Iterable[TokenizedTexts]) -> TokenizedTexts:
        """The texts of all groups, one group after the other."""
        positions: dict[str, int] = {}
        indices, lengths = [np.zeros(0, np.int32)], [np.zeros(1, np.int64)]
        for group in groups:
            position_of = [positions.setdefault(token, len(positions)) for token in group.distinct]
            indices.append(np.array(position_of, np.int32)[group.indices])
            lengths.append(np.diff(group.offsets))
        return cls(list(positions), np.concatenate(indices), np.cumsum(np.concatenate(lengths)))
