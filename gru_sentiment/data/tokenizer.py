"""Reviews to words, the same way in training and in prediction."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from gru_sentiment.arrays import Ids, Integers
from gru_sentiment.errors import DataError

if TYPE_CHECKING:
    import spacy.tokenizer

RULES = 3
"""Raise it whenever the same text and options give other words: it is part of the cache's key."""
MAX_STRINGS = 500_000
"""spaCy keeps every word that it has seen; beyond so many it is loaded anew, which takes a second
at most. A long stream of texts would fill the memory."""
LINE_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
UNBROKEN = re.compile(r"\S{256}(?=\S)")
"""So much without white space is cut: spaCy takes punctuation off one character at a time, in time
that grows with the square of the run. No IMDb review has more than 100."""


@dataclass(frozen=True)
class TokenizedTexts:
    """Words of many texts, each distinct word stored once; the arrays may be read-only."""

    words: list[str]
    """Distinct words."""
    indices: Ids
    """Every word of every text, as a position in `words`, shape (tokens,)."""
    offsets: Integers
    """Text i is `indices[offsets[i]:offsets[i + 1]]`, shape (texts + 1,)."""

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def counts(self, rows: np.ndarray[Any, np.dtype[np.int64]]) -> dict[str, int]:
        """How often each word occurs in the texts `rows`."""
        spans = [self.indices[self.offsets[row] : self.offsets[row + 1]] for row in rows]
        taken = np.concatenate(spans) if spans else self.indices[:0]
        progress_of = np.bincount(taken, minlength=len(self.words))
        return {self.words[i]: int(progress_of[i]) for i in np.flatnonzero(progress_of)}

    @classmethod
    def joined(cls, parts: Iterable[TokenizedTexts]) -> TokenizedTexts:
        """The texts of all parts, one part after the other."""
        positions: dict[str, int] = {}
        indices, lengths = [np.zeros(0, np.int32)], [np.zeros(1, np.int64)]
        for part in parts:
            position_of = [positions.setdefault(word, len(positions)) for word in part.words]
            indices.append(np.array(position_of, np.int32)[part.indices])
            lengths.append(np.diff(part.offsets))
        return cls(list(positions), np.concatenate(indices), np.cumsum(np.concatenate(lengths)))


@dataclass(frozen=True)
class Tokenizer:
    """spaCy's rule-based tokenizer for one language; needs no trained pipeline."""

    language: str = "en"
    lowercase: bool = True

    def __call__(self, text: str) -> list[str]:
        """The words of a text: HTML line breaks removed, long runs cut, white space dropped."""
        found = self.many([text])
        return [found.words[i] for i in found.indices]

    def many(self, texts: Sequence[str]) -> TokenizedTexts:
        """The words of several texts.

        No word becomes a Python object but the distinct ones: spaCy tells the hash of every word,
        and a hash is looked up once.

        Raises:
            DataError: spaCy does not know the language.
        """
        from spacy.attrs import IS_SPACE, ORTH

        tokenize = rules(self.language)
        if len(tokenize.vocab.strings) > MAX_STRINGS:
            rules.cache_clear()
            tokenize = rules(self.language)
        hashes, lengths = [np.zeros(0, np.uint64)], [0]
        for text in texts:
            apart = UNBROKEN.sub(r"\g<0> ", LINE_BREAK.sub(" ", text))
            found = tokenize(apart).to_array([ORTH, IS_SPACE])
            of_words = found[found[:, 1] == 0, 0]
            hashes.append(of_words)
            lengths.append(len(of_words))
        distinct = pa.array(np.concatenate(hashes)).dictionary_encode()
        words = [tokenize.vocab.strings[word] for word in distinct.dictionary.to_pylist()]
        offsets = np.cumsum(lengths, dtype=np.int64)
        tokenized = TokenizedTexts(words, distinct.indices.to_numpy(), offsets)
        # casing comes last: the rules look at capitals, as in "Mr." and "U.S."
        return _lowercased(tokenized) if self.lowercase else tokenized

    @property
    def fingerprint(self) -> str:
        """Changes with everything that changes the words of a text."""
        parts = [self.language, self.lowercase, RULES, importlib.metadata.version("spacy")]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


@lru_cache
def rules(language: str) -> spacy.tokenizer.Tokenizer:
    """spaCy's tokenizer for a language, loaded once.

    Raises:
        DataError: spaCy does not know the language.
    """
    import spacy

    try:
        return spacy.blank(language).tokenizer
    except ImportError as error:
        raise DataError(
            f"text.language: spaCy knows no language {language!r}",
            hint="use a code such as en, de or fr; some languages need a package of their own",
        ) from error


def _lowercased(texts: TokenizedTexts) -> TokenizedTexts:
    lowered = TokenizedTexts([word.lower() for word in texts.words], texts.indices, texts.offsets)
    return TokenizedTexts.joined([lowered])
