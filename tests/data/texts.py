"""Tokenised texts from lists of words, and back."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gru_sentiment.data.tokens import TokenizedTexts


def tokenized_from(word_lists: Sequence[Sequence[str]]) -> TokenizedTexts:
    """Texts of these words, the words in alphabetical order."""
    words = sorted({word for text in word_lists for word in text})
    indices = [words.index(word) for text in word_lists for word in text]
    offsets = np.cumsum([0, *map(len, word_lists)])
    return TokenizedTexts(words, np.array(indices, np.int32), offsets)


def words_of(tokenized: TokenizedTexts) -> list[list[str]]:
    """Every text as a list of words again."""
    spans = zip(tokenized.offsets[:-1], tokenized.offsets[1:], strict=True)
    return [[tokenized.distinct[i] for i in tokenized.indices[a:b]] for a, b in spans]
