"""The tokens by way of pretokens are spaCy's, whatever was tokenised before."""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Sequence
from functools import lru_cache

import pytest
import spacy.lang
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.tokenizer import Tokenizer as SpacyTokenizer

from gru_sentiment.data import pretokens as module
from gru_sentiment.data.pretokens import splits_pretokens_alone
from gru_sentiment.data.tokenizer import Rules
from gru_sentiment.sources.package import load_package

LANGUAGES = ["en", "de", "tr", "xx"]
"""With exceptions of their own, with `token_match` (tr), and the one without a language. French is
among the slow tests: spaCy takes seconds to load it."""
WHITE_SPACE = ["", "", "", " ", " ", "  ", "\n", " \n", "\t", "\u00a0", "\u2003", "\u3000", "\x1c"]
WORDS = [
    "film", "Film", "can't've", "don't", "U.S.", "Mr.", "z.B.", "l'acteur", "aujourd'hui", "10am",
    "http://a.bc/d?e=f", "www.film.de", "a@bc.com", "3.5", "$10", "1,000km", "well-made", "and/or",
    "\u200b", "\u2060", "\u0301", "😀", "👍🏽", "電影", "فيلم", "x" * 63, "x" * 300, "!" * 300,
]  # fmt: skip
SIGNS = [
    *".,:;!?'\"()[]<>-_=*/|\\^%&#@\u2019…—",
    *("..", ":(", ":((", ":)", ":-)", ">:(", "''", "<3", "XD"),
]


@lru_cache
def bare(language: str) -> SpacyTokenizer:
    """spaCy's tokenizer as it is loaded."""
    return spacy.blank(language).tokenizer


def expected(language: str, text: str) -> list[str]:
    """What spaCy gives for the text as a whole."""
    cut = re.sub(r"(\S{256})(?=\S)", r"\1 ", text)
    return [token.text for token in bare(language)(cut) if not token.text.isspace()]


def tokens(rules: Rules, texts: Sequence[str]) -> list[list[str]]:
    return [rules.strings(hashes.tolist()) for hashes in rules.tokens(texts)]


def loaded(language: str) -> Rules:
    return Rules(spacy.blank(language).tokenizer)


@lru_cache
def shared(language: str) -> Rules:
    """The same for many tests, with whatever they leave in its memory."""
    return loaded(language)


def texts_in(language: str) -> st.SearchStrategy[str]:
    """Words, exceptions and signs, often without white space between them."""
    exceptions = sorted(exception for exception in bare(language).rules if exception.strip())
    pieces = st.one_of(
        st.sampled_from(SIGNS),
        st.sampled_from(exceptions),
        st.sampled_from(WORDS),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    )
    return st.lists(st.tuples(pieces, st.sampled_from(WHITE_SPACE)), max_size=8).map(
        lambda parts: "".join(piece + space for piece, space in parts)
    )


@pytest.mark.parametrize("language", LANGUAGES)
@given(data=st.data())
@settings(max_examples=50, deadline=None)
def test_tokens_are_those_of_the_whole_text(language: str, data: st.DataObject) -> None:
    texts = data.draw(st.lists(texts_in(language), max_size=4))
    assert tokens(shared(language), texts) == [expected(language, text) for text in texts]


@pytest.mark.parametrize(
    "text",
    [
        "so:(",
        "so:( (",  # the tokens of ":((", with a blank between them
        "so:( ( so:(",
        "so:(\n( :-) )",
        "so:(\u00a0(",
        "(:) :(: ) : ):",
        "'' it''s ''",
        "and/or and/ or w/o",
        "ex-Mr. Mr.T, Mr. T (Mr.) Mr.",
        "at 10a.m. 10 a.m. (10a.m.)",
        "O.K. film.It's U.S./U.K.",
        "",
        " \n ",
    ],
)
def test_an_exception_beside_its_neighbours(text: str) -> None:
    texts = [text, *text.split(), text]
    assert tokens(shared("en"), texts) == [expected("en", each) for each in texts]


def test_neighbours_count_in_spacy() -> None:
    """Without this there would be no need to give some texts to spaCy whole."""
    assert expected("en", "so:(") == ["so", ":("]
    assert expected("en", "so:( (") == ["so", ":", "(", "("]


@given(st.lists(st.text("ab.:(' ", max_size=12), max_size=10))
@settings(max_examples=50, deadline=None)
def test_what_is_forgotten_is_found_again(texts: list[str]) -> None:
    rules = shared("en")
    assert rules._pretokens is not None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "GENERATION", 5)
        patch.setattr(module, "PRETOKENS_A_CALL", 2)
        for _ in range(2):  # forgets what other tests have left
            rules.tokens([" ".join("abcdefg")])
        for text in texts:
            assert tokens(rules, [text]) == [expected("en", text)]
            assert len(rules._pretokens) <= 3 * module.GENERATION


def test_few_pretokens_are_split_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    rules, split = loaded("en"), []
    assert rules._pretokens is not None
    first = rules._pretokens._split

    def counted(pretokens: list[str]) -> list[bytes]:
        split.extend(pretokens)
        return first(pretokens)

    monkeypatch.setattr(rules._pretokens, "_split", counted)
    rules.tokens(["a good film", "a bad film, really"])
    rules.tokens(["really a film"])
    assert split == ["a", "good", "film", "bad", "film,", "really"]


def test_a_long_pretoken_is_not_remembered() -> None:
    rules = loaded("en")
    assert rules._pretokens is not None
    longest, longer = "x" * module.LONGEST, "y" * (module.LONGEST + 1)
    assert tokens(rules, [longest, f"film {longer}"]) == [[longest], ["film", longer]]
    assert set(rules._pretokens._recent) == {longest, "film"}


# --- which languages ---


@pytest.mark.parametrize("language", LANGUAGES)
def test_languages_whose_pretokens_are_split_alone(language: str) -> None:
    assert splits_pretokens_alone(bare(language))


@pytest.mark.parametrize(("language", "text"), [("es", "en EE. UU."), ("ru", "и т.ч. в т.ч.")])
def test_an_exception_with_white_space_in_it(language: str, text: str) -> None:
    assert not splits_pretokens_alone(bare(language))
    assert tokens(loaded(language), [text, *text.split()]) == [
        expected(language, each) for each in [text, *text.split()]
    ]


@pytest.mark.parametrize("exception", ["a b", "a\u00a0b", " a", "a\n"])
def test_one_exception_with_white_space_is_enough(exception: str) -> None:
    tokenizer = spacy.blank("xx").tokenizer
    assert splits_pretokens_alone(tokenizer)
    tokenizer.add_special_case(exception, [{"ORTH": exception}])
    assert not splits_pretokens_alone(tokenizer)
    texts = ["x a b a\u00a0b a\n b", "a", "b"]
    whole = [[token.text for token in tokenizer(text)] for text in texts]
    whole = [[token for token in text if not token.isspace()] for text in whole]
    assert tokens(Rules(tokenizer), texts) == whole


def test_another_class_of_tokenizer() -> None:
    assert not splits_pretokens_alone(bare("zh"))
    assert tokens(loaded("zh"), ["好 电影。"]) == [["好", "电", "影", "。"]]

    class Other(SpacyTokenizer):  # type: ignore[misc]
        pass

    assert not splits_pretokens_alone(Other(bare("en").vocab, bare("en").rules))


# --- slow ---


@pytest.mark.slow
def test_tokens_of_thousands_of_reviews_are_those_of_whole_texts() -> None:
    reviews, rules = load_package().texts.slice(0, 25_000).to_pylist()[::8], shared("en")
    for start in range(0, len(reviews), 500):
        texts = reviews[start : start + 500]
        assert tokens(rules, texts) == [expected("en", text) for text in texts]


def _languages() -> list[str]:
    """All languages of spaCy with exceptions; the others have tokenizers of their own."""
    names = [each.name for each in pkgutil.iter_modules(spacy.lang.__path__) if each.ispkg]
    return sorted(set(names) - {"ja", "ko", "th", "vi", "zh"})


@pytest.mark.slow
@pytest.mark.parametrize("language", _languages())
def test_every_language(language: str) -> None:
    rules = loaded(language)  # not kept: there are many

    @given(st.lists(texts_in(language), max_size=6))
    @settings(max_examples=150, deadline=None)
    def check(texts: list[str]) -> None:
        assert tokens(rules, texts) == [expected(language, text) for text in texts]

    check()
