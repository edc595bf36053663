"""Texts of one batch side by side, without padding. No torch; `batch.py` has a picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gru_sentiment.arrays import Ids, Integers
from gru_sentiment.data.encoding import EncodedTexts


@dataclass(frozen=True)
class Packed:
    """The ids of some texts, the longest first."""

    rows: Integers
    """The texts, shape (batch,)."""
    ids: Ids
    """Time-major: the first token of every text, then the second of those that have one, and so
    on, shape (tokens,)."""
    sizes: Integers
    """Texts that reach each step, shape (steps,)."""

    @classmethod
    def of(cls, encoded: EncodedTexts, rows: Integers) -> Packed:
        """Pack the texts `rows`, shape (batch,)."""
        lengths = encoded.lengths[rows]
        order = np.argsort(-lengths, kind="stable")
        rows, lengths = rows[order], lengths[order]
        # step by step, the tokens that exist
        step, text = np.nonzero(np.arange(lengths[0])[:, None] < lengths)
        return cls(rows, encoded.read(rows[text], step), np.bincount(step))


def within_budget(rows: Integers, lengths: Integers, budget: int) -> list[Integers]:
    """Split rows, in their order, into groups of at most `budget` tokens.

    A text that is longer than the budget is a group of its own.

    Args:
        rows: the texts, shape (rows,).
        lengths: the length of every text in tokens, at least 1, shape (texts,).
        budget: the most tokens in a group.
    """
    groups, start, used = [], 0, 0
    for i, length in enumerate(lengths[rows]):
        if used and used + length > budget:
            groups.append(rows[start:i])
            start, used = i, 0
        used += int(length)
    return [*groups, rows[start:]] if len(rows) else []
