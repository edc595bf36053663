"""The tokens of many texts as numbers, found run by run without a Python string for each token."""

from __future__ import annotations

import threading
from array import array
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from gru_sentiment.data.rule_tokenizer import LONGEST, RuleTokenizer
from gru_sentiment.data.rules import LINE_BREAK
from gru_sentiment.data.tokens import TokenizedTexts

GENERATION = 200_000
"""Runs that are remembered before a new generation begins. The generation before it is kept, older
ones are forgotten. 25,000 reviews have 265,000 runs."""
DEPENDS = np.int32(-1).tobytes()
"""Stands for the tokens of a run that depend on what is beside it."""


class NumberedTokenizer:
    """Gives the tokens of a `RuleTokenizer` for many texts at once.

    Of every run of characters without white space it remembers the numbers of the tokens, as bytes,
    so that those of a text are joined without looking at one of them. Threads take turns.

    Args:
        tokenizer: finds the tokens of a run, and of texts whose runs depend on each other.
    """

    def __init__(self, tokenizer: RuleTokenizer) -> None:
        self._tokenizer = tokenizer
        self._recent = _Numbers(tokenizer, None)
        self._lock = threading.Lock()

    def __call__(self, texts: Sequence[str]) -> TokenizedTexts:
        """The tokens of every text, without HTML line breaks and white space."""
        with self._lock:
            if len(self._recent) >= GENERATION:
                older, self._recent = self._recent, _Numbers(self._tokenizer, self._recent)
                older.older = None
            recent = self._recent
            of_run = recent.__getitem__
            found = [b"".join(map(of_run, LINE_BREAK.sub(" ", text).split())) for text in texts]
            numbers, offsets = _joined(found)
            depending = np.unique(np.searchsorted(offsets, np.flatnonzero(numbers < 0), "right"))
            for text in depending - 1:
                found[text] = recent.numbers(self._tokenizer(texts[text]))
            if len(depending):
                numbers, offsets = _joined(found)
            return recent.tokenized(numbers, offsets)

    def __reduce__(self) -> tuple[Any, ...]:
        """Another process begins with nothing remembered."""
        return NumberedTokenizer, (self._tokenizer,)


class _Numbers(dict[str, bytes]):
    """The numbers of the tokens of runs, found when they are asked for.

    Args:
        tokenizer: finds the tokens.
        older: the generation before this one, which has numbers of its own.
    """

    def __init__(self, tokenizer: RuleTokenizer, older: _Numbers | None) -> None:
        super().__init__()
        self._tokenizer, self.older = tokenizer, older
        self._tokens: list[str] = []
        self._number_of = _Positions(self._tokens)

    def __missing__(self, run: str) -> bytes:
        """The numbers of a run that is new to this generation; a long one is not remembered."""
        if len(run) > LONGEST:
            return DEPENDS
        known = self.older.get(run) if self.older is not None else None
        if known is None:
            tokens: Iterable[str] | None = self._tokenizer.tokens_of_run(run)
        elif known == DEPENDS:
            tokens = None
        else:
            assert self.older is not None
            tokens = map(self.older._tokens.__getitem__, memoryview(known).cast("i"))
        self[run] = numbers = DEPENDS if tokens is None else self.numbers(tokens)
        return numbers

    def numbers(self, tokens: Iterable[str]) -> bytes:
        """The numbers of tokens; new ones get the next numbers."""
        return array("i", map(self._number_of.__getitem__, tokens)).tobytes()

    def tokenized(self, numbers: Any, offsets: Any) -> TokenizedTexts:
        """Texts by the numbers of their tokens, with the tokens that occur in them."""
        occurs = np.zeros(len(self._tokens), bool)
        occurs[numbers] = True
        distinct = np.flatnonzero(occurs)
        position_of = np.zeros(len(occurs), np.int32)
        position_of[distinct] = np.arange(len(distinct), dtype=np.int32)
        tokens = list(map(self._tokens.__getitem__, distinct.tolist()))
        return TokenizedTexts(tokens, position_of[numbers], offsets)


class _Positions(dict[str, int]):
    """Where tokens stand in a list, to which new ones are added when they are asked for."""

    def __init__(self, tokens: list[str]) -> None:
        super().__init__()
        self._tokens = tokens

    def __missing__(self, token: str) -> int:
        self[token] = position = len(self._tokens)
        self._tokens.append(token)
        return position


def _joined(found: list[bytes]) -> tuple[Any, Any]:
    """The numbers of all texts, and where those of each begin and end."""
    numbers = np.frombuffer(b"".join(found), np.int32)
    return numbers, np.cumsum([0, *map(len, found)], dtype=np.int64) // len(DEPENDS)
