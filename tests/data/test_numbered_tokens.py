"""Tokens as numbers are those of the rules, however many are remembered."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gru_sentiment.data import numbered_tokens as module
from gru_sentiment.data.numbered_tokens import NumberedTokenizer
from gru_sentiment.data.rule_tokenizer import LONGEST, RuleTokenizer
from gru_sentiment.data.rules import Rules
from gru_sentiment.sources.package import load_package

from .texts import words_of

TEXTS = [
    "A good film, really: it's GOOD.<br />Not bad!",
    "",
    " \n",
    "so:( (or so :((",
    f"a word that is {'x' * (LONGEST + 1)} long, and then one more",
    "!" * 300,
    "I can't; U.S. and Mr. İ",
]
"""With runs that depend on each other, and one too long to be remembered."""


@lru_cache
def rules() -> Rules:
    return Rules.from_spacy("en")


def tokenizer(*, lowercase: bool = True) -> NumberedTokenizer:
    return NumberedTokenizer(RuleTokenizer(rules(), lowercase))


@pytest.mark.parametrize("lowercase", [True, False])
def test_tokens_are_those_of_the_rules(lowercase: bool) -> None:
    numbered, plain = tokenizer(lowercase=lowercase), RuleTokenizer(rules(), lowercase)
    for texts in (TEXTS, TEXTS[::-1], TEXTS * 2, [], TEXTS[:1]):
        found = numbered(texts)
        assert words_of(found) == list(map(plain, texts))
        assert (found.indices.dtype, found.offsets.dtype) == (np.int32, np.int64)
        assert len(set(found.distinct)) == len(found.distinct)
        assert set(found.indices.tolist()) == set(range(len(found.distinct)))


@given(st.lists(st.lists(st.text("ab.:(' ", max_size=12), max_size=4), max_size=6))
@settings(max_examples=60, deadline=None)
def test_what_is_forgotten_is_found_again(calls: list[list[str]]) -> None:
    numbered, plain = tokenizer(), RuleTokenizer(rules())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "GENERATION", 4)
        for texts in calls:
            assert words_of(numbered(texts)) == list(map(plain, texts))
            older = numbered._recent.older
            assert older is None or older.older is None


def test_a_run_is_looked_up_in_the_rules_once(monkeypatch: pytest.MonkeyPatch) -> None:
    plain, asked = RuleTokenizer(rules()), []
    of_run = plain.tokens_of_run

    def counted(run: str) -> tuple[str, ...] | None:
        asked.append(run)
        return of_run(run)

    monkeypatch.setattr(plain, "tokens_of_run", counted)
    monkeypatch.setattr(module, "GENERATION", 3)
    numbered = NumberedTokenizer(plain)
    for texts in (["a good film"], ["a film", "a bad film"], ["bad film"]):
        numbered(texts)
    assert asked == ["a", "good", "film", "bad"]


def test_several_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "GENERATION", 50)
    reviews = load_package().texts.slice(0, 60).to_pylist()
    numbered, plain = tokenizer(), RuleTokenizer(rules())
    pieces = [reviews[i : i + 6] for i in range(0, 60, 6)] * 4
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(numbered, pieces))
    for piece, tokenized in zip(pieces, found, strict=True):
        assert words_of(tokenized) == list(map(plain, piece))


def test_another_process_can_have_it() -> None:
    numbered = tokenizer()
    expected = words_of(numbered(TEXTS))
    assert words_of(pickle.loads(pickle.dumps(numbered))(TEXTS)) == expected


@pytest.mark.slow
def test_tokens_of_thousands_of_reviews() -> None:
    reviews, numbered = load_package().texts.slice(0, 25_000).to_pylist()[::5], tokenizer()
    plain = RuleTokenizer(rules())
    for start in range(0, len(reviews), 500):
        texts = reviews[start : start + 500]
        assert words_of(numbered(texts)) == list(map(plain, texts))
