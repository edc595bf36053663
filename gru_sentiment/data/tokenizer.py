"""Texts to tokens, in the same way in training and in prediction."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from gru_sentiment.data.pretokens import Hashes, Pretokens, splits_pretokens_alone
from gru_sentiment.data.rules import LINE_BREAK, UNBROKEN, spacy_tokenizer
from gru_sentiment.data.tokens import TokenizedTexts

if TYPE_CHECKING:
    import spacy.tokenizer

RULES = 3
"""Version of the rules, part of the cache's key. Raise it when a text gives other tokens."""
MAX_STRINGS = 300_000
"""spaCy keeps every string that it has seen, and a long stream of texts would fill the memory.
Beyond this number it is loaded again, which takes a second at most."""


@dataclass(frozen=True)
class Tokenizer:
    """spaCy's rule-based tokenizer for one language, which needs no trained pipeline."""

    language: str = "en"
    lowercase: bool = True

    def __call__(self, text: str) -> list[str]:
        """The tokens of a text, without HTML line breaks and white space; long runs are cut."""
        tokenized = self.many([text])
        return [tokenized.distinct[i] for i in tokenized.indices]

    def many(self, texts: Sequence[str]) -> TokenizedTexts:
        """The tokens of several texts.

        spaCy gives the hash of every token, and each distinct hash is looked up once, so that only
        the distinct tokens become Python strings.

        Raises:
            DataError: spaCy does not know the language.
        """
        if rules(self.language).n_strings > MAX_STRINGS:
            rules.cache_clear()
        by_language = rules(self.language)
        hashes = by_language.tokens([LINE_BREAK.sub(" ", text) for text in texts])
        encoded = pa.array(np.concatenate([np.zeros(0, np.uint64), *hashes])).dictionary_encode()
        distinct = by_language.strings(encoded.dictionary.to_pylist())
        offsets = np.cumsum([0, *map(len, hashes)], dtype=np.int64)
        tokenized = TokenizedTexts(distinct, encoded.indices.to_numpy(), offsets)
        # lower-casing comes last, because the rules look at capitals, as in "Mr." and "U.S."
        return _lowercased(tokenized) if self.lowercase else tokenized

    @property
    def fingerprint(self) -> str:
        """Changes with everything that changes the tokens of a text."""
        choices = [self.language, self.lowercase, RULES, importlib.metadata.version("spacy")]
        return hashlib.sha256(json.dumps(choices).encode()).hexdigest()[:16]


class Rules:
    """spaCy's tokenizer for a language, loaded.

    Args:
        tokenizer: spaCy's.
    """

    def __init__(self, tokenizer: spacy.tokenizer.Tokenizer) -> None:
        from spacy.attrs import IS_SPACE

        self._tokenizer = tokenizer
        self._pretokens: Pretokens | None = None
        if splits_pretokens_alone(tokenizer):
            # the shape, the prefix and twenty more attributes of every new token take longer to
            # find out than its first split, and nothing here reads them
            tokenizer.vocab.lex_attr_getters = {IS_SPACE: str.isspace}
            self._pretokens = Pretokens(tokenizer)

    @property
    def n_strings(self) -> int:
        """The strings that spaCy holds."""
        return len(self._tokenizer.vocab.strings)

    def strings(self, hashes: Iterable[int]) -> list[str]:
        """The strings with these hashes."""
        return [self._tokenizer.vocab.strings[each] for each in hashes]

    def tokens(self, texts: Sequence[str]) -> list[Hashes]:
        """The tokens of every text, those that are white space left out."""
        if self._pretokens is None:
            return [self._whole(text) for text in texts]
        return self._pretokens.tokens(texts, self._whole)

    def _whole(self, text: str) -> Hashes:
        from spacy.attrs import IS_SPACE, ORTH

        unbroken = UNBROKEN.sub(r"\g<0> ", text)
        attributes = self._tokenizer(unbroken).to_array([ORTH, IS_SPACE])
        hashes: Hashes = attributes[attributes[:, 1] == 0, 0]
        return hashes


@lru_cache
def rules(language: str) -> Rules:
    """spaCy's tokenizer for a language, loaded once.

    Raises:
        DataError: spaCy does not know the language.
    """
    return Rules(spacy_tokenizer(language))


def _lowercased(texts: TokenizedTexts) -> TokenizedTexts:
    distinct = [token.lower() for token in texts.distinct]
    return TokenizedTexts.joined([replace(texts, distinct=distinct)])
