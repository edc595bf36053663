"""Slots are filled as the lists say; typos leave a word readable."""

from __future__ import annotations

import math
import random
import re

from hypothesis import given
from hypothesis import strategies as st

from gru_sentiment.suites.cases import Case
from gru_sentiment.suites.templates import expand, slots_of, with_typos

WORDS = {"film": ["film", "movie", "drama"], "good": ["good", "great"]}
PAIR = ["The {film} was {good}.", "The {film2} was {good}."]


def cases_of(draws: int, seed: int = 0, texts: list[str] = PAIR, typos: int = 0) -> list[Case]:
    generator = random.Random(seed)
    return expand(texts, "same", None, WORDS, draws=draws, typos=typos, generator=generator)


def test_slots_by_their_list() -> None:
    assert slots_of(PAIR) == {"film": ["film", "film2"], "good": ["good"]}
    assert slots_of(["none at all"]) == {}


@given(draws=st.integers(1, 30), seed=st.integers(0, 100))
def test_distinct_cases_as_many_as_wanted_or_possible(draws: int, seed: int) -> None:
    cases = cases_of(draws, seed)
    # two different ones of three films in order, and one of two words
    assert len(cases) == len(set(cases)) == min(draws, math.perm(3, 2) * 2)
    for case in cases:
        first, second = case.texts
        a, good = re.fullmatch(r"The (\w+) was (\w+)\.", first).groups()  # type: ignore[union-attr]
        b, same = re.fullmatch(r"The (\w+) was (\w+)\.", second).groups()  # type: ignore[union-attr]
        assert a != b
        assert good == same
        assert {a, b} <= set(WORDS["film"])
    assert cases == cases_of(draws, seed)


def test_another_seed_draws_others() -> None:
    assert cases_of(4, seed=0) != cases_of(4, seed=1)


def test_a_template_without_slots_is_one_case() -> None:
    assert cases_of(5, texts=["as it is", "so"]) == [Case("same", ("as it is", "so"))]


def test_a_copy_with_typos_comes_last() -> None:
    for case in cases_of(6, texts=["The story of this {film} is wonderful."], typos=1):
        clean, misspelt = case.texts
        assert clean != misspelt
        differing = [(a, b) for a, b in zip(clean.split(), misspelt.split(), strict=True) if a != b]
        assert len(differing) == 1


@given(
    words=st.lists(st.from_regex(r"[A-Za-z]{1,12}", fullmatch=True), max_size=8),
    n=st.integers(1, 4),
    seed=st.integers(0, 1000),
)
def test_typos_keep_the_ends_of_long_words(words: list[str], n: int, seed: int) -> None:
    text = " ".join(words)
    found = with_typos(text, n, random.Random(seed))
    changed = [(a, b) for a, b in zip(words, found.split(" "), strict=False) if a != b]
    assert len(found.split(" ")) == len(text.split(" "))
    assert len(changed) == min(n, sum(len(word) >= 5 for word in words))
    for before, after in changed:
        assert len(before) >= 5
        assert (before[0], before[-1]) == (after[0], after[-1])
        doubled = len(after) == len(before) + 1
        assert doubled or sorted(before) == sorted(after)
