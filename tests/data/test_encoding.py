from __future__ import annotations

from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gru_sentiment.data import encoding
from gru_sentiment.data.encoding import EncodedTexts, encode
from gru_sentiment.data.tokenizer import Tokenizer
from gru_sentiment.data.vocab import PADDING_ID, SPECIALS, UNKNOWN_ID, Vocabulary

from .texts import tokenized_from

VOCABULARY = Vocabulary([*SPECIALS, *"abcdef"])
"""Knows a to f; g to j are unknown."""
WORD_LISTS = st.lists(st.lists(st.sampled_from("abcdefghij"), max_size=14), min_size=1, max_size=8)


def encoded(
    word_lists: list[list[str]], max_tokens: int | None = None, head_tokens: int = 0
) -> EncodedTexts:
    return encode(
        tokenized_from(word_lists),
        VOCABULARY,
        max_tokens=max_tokens,
        head_tokens=head_tokens,
    )


def read(texts: EncodedTexts, row: int) -> list[int]:
    """All that a model reads of one text."""
    steps = np.arange(texts.lengths[row])
    found: list[int] = texts.read(np.full(len(steps), row), steps).tolist()
    return found


def naive(words: list[str], max_tokens: int | None, head_tokens: int) -> list[int]:
    """The same for one text, with nothing but lists."""
    ids = [VOCABULARY.words.index(word) if word in VOCABULARY else UNKNOWN_ID for word in words]
    if max_tokens is not None and len(ids) > max_tokens:
        ids = ids[:head_tokens] + ids[len(ids) - (max_tokens - head_tokens) :]
    return ids or [PADDING_ID]


@given(WORD_LISTS, st.one_of(st.none(), st.integers(1, 15)), st.data())
@settings(max_examples=120, deadline=None)
def test_head_and_tail_equal_a_naive_cut(
    word_lists: list[list[str]], max_tokens: int | None, data: st.DataObject
) -> None:
    head_tokens = data.draw(st.integers(0, max_tokens or 5))
    texts = encoded(word_lists, max_tokens, head_tokens)
    expected = [naive(words, max_tokens, head_tokens) for words in word_lists]
    assert len(texts) == len(word_lists)
    assert [read(texts, row) for row in range(len(texts))] == expected
    assert texts.lengths.tolist() == [len(ids) for ids in expected]
    assert texts.full_lengths.tolist() == [len(words) for words in word_lists]
    assert texts.truncated.tolist() == [len(w) > (max_tokens or 99) for w in word_lists]
    rows = np.arange(len(texts))[::-1]
    with mock.patch.object(encoding, "ROWS_AT_A_TIME", 3):
        unknown = texts.unknown_tokens(rows).tolist()
    assert unknown == [expected[row].count(UNKNOWN_ID) for row in rows]


@given(WORD_LISTS, st.integers(1, 8), st.data())
@settings(max_examples=40, deadline=None)
def test_texts_are_read_in_any_order_at_once(
    word_lists: list[list[str]], max_tokens: int, data: st.DataObject
) -> None:
    texts = encoded(word_lists, max_tokens, max_tokens // 2)
    places = [(row, step) for row in range(len(texts)) for step in range(texts.lengths[row])]
    places = data.draw(st.permutations(places))
    rows, steps = np.array(places).T
    expected = [naive(word_lists[r], max_tokens, max_tokens // 2)[s] for r, s in places]
    assert texts.read(rows, steps).tolist() == expected


@pytest.mark.parametrize(
    ("max_tokens", "head_tokens", "expected"),
    [
        (None, 0, "abcdef"),
        (6, 2, "abcdef"),
        (5, 2, "abdef"),
        (3, 1, "aef"),
        (3, 0, "def"),
        (3, 3, "abc"),
        (1, 0, "f"),
        (1, 1, "a"),
    ],
)
def test_what_is_kept_of_a_long_text(
    max_tokens: int | None, head_tokens: int, expected: str
) -> None:
    texts = encoded([list("abcdef")], max_tokens, head_tokens)
    assert "".join(VOCABULARY.words[i] for i in read(texts, 0)) == expected
    assert texts.truncated.tolist() == [max_tokens is not None and max_tokens < 6]


@pytest.mark.parametrize("word_lists", [[[]], [[], ["a"], []], [[], []]])
def test_an_empty_text_is_one_padding_token(word_lists: list[list[str]]) -> None:
    texts = encoded(word_lists, 4, 2)
    for row, words in enumerate(word_lists):
        if not words:
            assert read(texts, row) == [PADDING_ID]
            assert texts.lengths[row] == 1
            assert texts.full_lengths[row] == 0
            assert texts.unknown_tokens(np.array([row])).tolist() == [0]
    assert not texts.truncated.any()


def test_unknown_words_are_counted_where_they_are_read() -> None:
    texts = encoded([list("agghha")], 2, 1)
    assert read(texts, 0) == [2, 2]
    assert texts.unknown_tokens(np.array([0])).tolist() == [0]
    assert encoded([list("agghha")]).unknown_tokens(np.array([0])).tolist() == [4]


def test_a_hundred_thousand_words_are_cut_to_four_hundred() -> None:
    tokenized = Tokenizer().many(["a " + "g " * 100_000 + "b", "a"])
    texts = encode(tokenized, VOCABULARY, max_tokens=400, head_tokens=100)
    ids = read(texts, 0)
    assert (ids[0], ids[-1], len(ids)) == (2, 3, 400)
    assert texts.unknown_tokens(np.array([0])).tolist() == [398]
    assert texts.truncated.tolist() == [True, False]


def test_ids_are_32_bit() -> None:
    assert encoded([["a"], []]).ids(0).dtype == np.int32
    assert encoded([[]]).read(np.array([0]), np.array([0])).dtype == np.int32


@given(WORD_LISTS, st.integers(1, 40), st.data())
@settings(max_examples=60, deadline=None)
def test_uncut_texts_come_in_turn_and_in_portions(
    word_lists: list[list[str]], tokens: int, data: st.DataObject
) -> None:
    texts = encoded(word_lists, max_tokens=3, head_tokens=1)
    rows = data.draw(st.lists(st.integers(0, len(word_lists) - 1), max_size=12))
    portions = list(texts.full_ids(np.array(rows, np.int64), tokens))
    longest = max(map(len, word_lists))
    assert all(len(ids) == lengths.sum() < tokens + longest + 1 for ids, lengths in portions)
    found = [
        ids.tolist()
        for portion, lengths in portions
        for ids in np.split(portion, np.cumsum(lengths)[:-1])
    ]
    whole = [naive(word_lists[row], None, 0) if word_lists[row] else [] for row in rows]
    assert found == whole


@pytest.mark.parametrize(
    ("max_tokens", "at_most", "expected"),
    [(None, 3, 3), (5, 3, 3), (3, 5, 3), (3, None, 3), (None, None, 6)],
)
def test_the_shorter_of_two_limits_holds(
    max_tokens: int | None, at_most: int | None, expected: int
) -> None:
    texts = encoded([list("abcdef"), list("ab")], max_tokens, head_tokens=1)
    assert texts.lengths.tolist()[1] == 2
    shorter = texts.at_most(at_most)
    assert shorter.lengths.tolist() == [expected, 2]
    assert shorter.head_tokens == 1
