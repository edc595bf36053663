from __future__ import annotations

import time
from collections import Counter

import numpy as np
import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st

from gru_sentiment.data import tokenizer as module
from gru_sentiment.data.tokenizer import (
    TokenizedTexts,
    Tokenizer,
)
from gru_sentiment.errors import DataError
from gru_sentiment.sources.package import load_package

from .texts import tokenized_from, words_of

WORD_LISTS = st.lists(st.lists(st.sampled_from("abcdefg"), max_size=6), max_size=8)


# --- one text ---


@pytest.mark.parametrize("lowercase", [True, False])
def test_equals_spacy_on_real_reviews(lowercase: bool) -> None:
    spacy_en = spacy.blank("en")
    tokenizer = Tokenizer(lowercase=lowercase)
    reviews = load_package().texts.take(list(range(0, 25_000, 400))).to_pylist()
    assert any("<br />" in review for review in reviews)
    for review in reviews:
        expected = [token.text for token in spacy_en(review.replace("<br />", " "))]
        expected = [word for word in expected if not word.isspace()]
        assert tokenizer(review) == ([w.lower() for w in expected] if lowercase else expected)


@pytest.mark.parametrize("br", ["<br />", "<br/>", "<br>", "<BR />", "<Br>", "<br   />", "<br\n/>"])
def test_line_breaks_are_removed_in_all_spellings(br: str) -> None:
    assert Tokenizer()(f"good.{br}{br}Bad{br}end") == ["good", ".", "bad", "end"]


def test_other_markup_stays() -> None:
    assert "broken" in Tokenizer()("<broken> <b>bold</b>")
    assert Tokenizer()("<b>x") == [token.text for token in spacy.blank("en")("<b>x")]


@pytest.mark.parametrize("space", [" ", "  ", "\n", "\t \r\n", "\u00a0", "\u2003", "\u2028"])
def test_white_space_is_no_word(space: str) -> None:
    assert Tokenizer()(f"{space}good{space}film{space}") == ["good", "film"]


@pytest.mark.parametrize("text", ["", " ", "\n\t", "<br />", "<br /> <br>"])
def test_text_without_words_is_an_empty_list(text: str) -> None:
    assert Tokenizer()(text) == []


@pytest.mark.parametrize(
    ("run", "lengths"),
    [
        ("a" * 256, [256]),
        ("a" * 257, [256, 1]),
        ("a" * 600 + " b " + "c" * 300, [256, 256, 88, 1, 256, 44]),
        ("a" * 200 + "<br />" + "a" * 200, [200, 200]),
    ],
)
def test_what_no_space_breaks_is_cut(run: str, lengths: list[int]) -> None:
    assert [len(word) for word in Tokenizer()(run)] == lengths


@pytest.mark.parametrize("character", ["!", "=", "\U0001f600"])
def test_time_grows_with_the_length_of_a_run_and_not_its_square(character: str) -> None:
    tokenizer, seconds = Tokenizer(), []
    for n in (1_000, 16_000):
        begun = time.process_time()
        assert tokenizer(character * n) == [character] * n
        seconds.append(time.process_time() - begun)
    # 16 as it is, 256 if it were the square
    assert seconds[1] < 64 * seconds[0]


def test_casing_comes_after_the_rules() -> None:
    text = "Mr. Lee lives in the U.S. and it's GREAT"
    kept, lowered = Tokenizer(lowercase=False)(text), Tokenizer()(text)
    assert kept[:2] == ["Mr.", "Lee"]
    assert "U.S." in kept
    assert lowered == [word.lower() for word in kept]


def test_a_hundred_thousand_words() -> None:
    words = Tokenizer()("great film " * 50_000)
    assert len(words) == 100_000
    assert set(words) == {"great", "film"}


def test_other_languages_have_their_own_rules() -> None:
    assert Tokenizer("de")("z.B. gut") == ["z.b.", "gut"]
    assert Tokenizer("en")("z.B. gut") != ["z.b.", "gut"]


@pytest.mark.parametrize("language", ["klingon", "", "EN", "../en"])
def test_unknown_language(language: str) -> None:
    with pytest.raises(DataError, match=rf"text\.language.*{language!r}") as caught:
        Tokenizer(language)("good")
    assert "en, de or fr" in caught.value.hint


def test_fingerprint_changes_with_all_that_changes_the_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fingerprint = Tokenizer().fingerprint
    assert Tokenizer().fingerprint == fingerprint
    changed = {fingerprint, Tokenizer("de").fingerprint, Tokenizer(lowercase=False).fingerprint}
    with monkeypatch.context() as patch:
        patch.setattr(module, "RULES", module.RULES + 1)
        changed.add(Tokenizer().fingerprint)
    monkeypatch.setattr("importlib.metadata.version", lambda name: "0.0")
    changed.add(Tokenizer().fingerprint)
    assert len(changed) == 5


# --- many texts ---


@given(st.lists(WORD_LISTS, max_size=4))
@settings(max_examples=40, deadline=None)
def test_parts_are_joined_with_shared_words(parts: list[list[list[str]]]) -> None:
    found = TokenizedTexts.joined(map(tokenized_from, parts))
    assert words_of(found) == [text for part in parts for text in part]
    assert len(set(found.distinct)) == len(found.distinct)
    assert (found.indices.dtype, found.offsets.dtype) == (np.int32, np.int64)


@given(WORD_LISTS, st.data())
@settings(max_examples=40, deadline=None)
def test_counts_are_of_the_given_rows_alone(
    word_lists: list[list[str]], data: st.DataObject
) -> None:
    rows = data.draw(st.sets(st.integers(0, max(len(word_lists) - 1, 0)))) if word_lists else set()
    found = tokenized_from(word_lists)
    expected = Counter(word for row in rows for word in word_lists[row])
    assert found.counts(np.array(sorted(rows), np.int64)) == dict(expected)


def test_many_texts_equal_one_by_one() -> None:
    texts = ["A good film!", "", "Isn't it<br />bad?", "one", " "]
    expected = [Tokenizer()(text) for text in texts]
    assert words_of(Tokenizer().many(texts)) == expected


def test_words_seen_are_forgotten_beyond_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_STRINGS", module.rules("en").n_strings + 500)
    held = []
    for i in range(10):
        texts = [f"unheardof{i}x{j} film" for j in range(200)]
        assert words_of(Tokenizer().many(texts)) == [text.split() for text in texts]
        held.append(module.rules("en").n_strings)
    assert max(held) <= module.MAX_STRINGS + 200
    assert min(held[5:]) < max(held[:5])
