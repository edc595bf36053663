"""Texts as word ids."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st

from gru_sentiment.baselines.ngrams import Texts

IDS = st.lists(st.lists(st.integers(0, 6), max_size=9), min_size=1, max_size=12)
"""Texts of few words, some of them unknown, some texts empty."""


def joined(texts: Sequence[Sequence[int]]) -> Texts:
    """One text after the other."""
    ids = np.array([word for text in texts for word in text], np.int32)
    return ids, np.array([len(text) for text in texts], np.int64)


def ngrams_of(text: Sequence[int], longest: int) -> list[tuple[int, ...]]:
    """The known n-grams of one text, one by one."""
    return [
        tuple(text[i : i + n])
        for n in range(1, longest + 1)
        for i in range(len(text) - n + 1)
        if 0 not in text[i : i + n]
    ]


def key_of(ngram: Sequence[int]) -> int:
    key = 0
    for word in ngram:
        key = key * 2**21 + word
    return key
