"""The tokens from the rules alone are spaCy's."""

from __future__ import annotations

import json
import pkgutil
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import pytest
import spacy.lang
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.tokenizer import Tokenizer as SpacyTokenizer
from spacy.tokens import Doc
from spacy.vocab import Vocab

from gru_sentiment.data import rule_tokenizer as module
from gru_sentiment.data.rule_tokenizer import RuleTokenizer
from gru_sentiment.data.rules import Pattern, Patterns, Rules
from gru_sentiment.data.tokenizer import Tokenizer
from gru_sentiment.sources.package import load_package

from .texts import words_of

SLOW = pytest.mark.slow
LANGUAGES = [
    *["en", "de", "es", "it", "ru", "tr", "hu", "xx"],
    pytest.param("fr", marks=SLOW),  # spaCy takes seconds to load it
]
WORDS = [
    "film", "Film", "I", "it's", "don't", "can't've", "l'acteur", "aujourd'hui", "rock'n'roll",
    "U.S.", "Mr.", "z.B.", "EE. UU.", "т. ч.", "10am", "10", "3.5", "1,000km", "$10", "10°C.",
    "2019-ben", "a.b.c", "well-made", "and/or", "http://a.bc/d?e=f", "www.film.de", "a@bc.com",
    "#tag", "éàü", "ß", "İI", "привет", "電影", "فيلم", "हिन्दी", "\u200b", "\u2060", "\u0301",
    "e\u0301", "😀", "👍🏽", "👨‍👩‍👧", "\0", "x" * 63, "x" * 300, "!" * 300,
]  # fmt: skip
SIGNS = [
    *".,:;!?'\"()[]<>{}-_=+*/|\\^%&#@$~`\u2019\u2018\u201c\u00ab\u00bb\u2026\u2014",
    *("..", ":(", ":((", "(:", "):", ":)", ":-)", ">:(", "''", "<3", "</3", "XD", "D:", "o.O"),
]
WHITE_SPACE = [
    *("", "", "", " ", " ", "  ", "\n", " \n", "\n ", "\t", "\r\n", "\u00a0", "\u2003", "\u3000"),
    *("\x1c", "\x85", "\u2028", "<br />", "<BR>"),
]


@lru_cache
def rules(language: str) -> Rules:
    return Rules.from_spacy(language)


@lru_cache
def shared(language: str, lowercase: bool = False) -> RuleTokenizer:
    """The same for many tests, with whatever they leave in its memory."""
    return RuleTokenizer(rules(language), lowercase)


@lru_cache
def vocab() -> Vocab:
    return spacy.blank("xx").vocab


def expected(language: str, texts: Sequence[str], *, lowercase: bool = False) -> list[list[str]]:
    return words_of(Tokenizer(language, lowercase).many(texts))


def texts_in(language: str) -> st.SearchStrategy[str]:
    """Words, exceptions and signs, often without white space between them."""
    exceptions = st.sampled_from(list(rules(language).exceptions))
    pieces = st.one_of(
        st.sampled_from(SIGNS),
        st.sampled_from(WORDS),
        exceptions,
        exceptions.map(lambda each: each[:2]),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=4),
    )
    return st.lists(st.tuples(pieces, st.sampled_from(WHITE_SPACE)), max_size=8).map(
        lambda parts: "".join(piece + space for piece, space in parts)
    )


# --- spaCy's tokens ---


@pytest.mark.parametrize("language", LANGUAGES)
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_tokens_are_those_of_spacy(language: str, data: st.DataObject) -> None:
    texts, lowercase = data.draw(st.lists(texts_in(language), max_size=4)), data.draw(st.booleans())
    tokenizer = shared(language, lowercase)
    found = [tokenizer(text) for text in texts]
    assert found == expected(language, texts, lowercase=lowercase)


@pytest.mark.parametrize("language", ["en", "de", "es", "xx"])
@given(texts=st.lists(st.text("ab.:()-'/,! \n3<Do1", max_size=14), max_size=4))
@settings(max_examples=100, deadline=None)
def test_many_neighbours_of_few_characters(language: str, texts: list[str]) -> None:
    assert [shared(language)(text) for text in texts] == expected(language, texts)


@pytest.mark.parametrize("lowercase", [True, False])
def test_tokens_of_real_reviews(lowercase: bool) -> None:
    reviews = load_package().texts.take(list(range(0, 25_000, 400))).to_pylist()
    tokenizer = shared("en", lowercase)
    assert [tokenizer(each) for each in reviews] == expected("en", reviews, lowercase=lowercase)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", []),
        (" \n<br />\t ", []),
        ("A good film!", ["A", "good", "film", "!"]),
        ("good.<br /><br />Bad<BR>end", ["good", ".", "Bad", "end"]),
        ("Mr. Lee isn't in the U.S.", ["Mr.", "Lee", "is", "n't", "in", "the", "U.S."]),
        ("(can't've)", ["(", "ca", "n't", "'ve", ")"]),
        ("well-made,a/b", ["well", "-", "made", ",", "a", "/", "b"]),
        ("a@bc.com (http://a.bc/d)", ["a@bc.com", "(", "http://a.bc/d", ")"]),
        ("10am 3.5 $10 10%", ["10", "am", "3.5", "$", "10", "10", "%"]),
        ("so:(", ["so", ":("]),
        ("so:( (", ["so", ":", "(", "("]),
        ("so:( ( so:(", ["so", ":", "(", "(", "so", ":("]),
        ("so:(\n(", ["so", ":(", "("]),
        ("so:(\u00a0(", ["so", ":(", "("]),
        (".!:):", [".", "!", ":)", ":"]),  # of two equally long ones the first
        ("ll°:(((", ["ll", "°", ":((("]),  # at the end of the text
        ("x" * 300, ["x" * 256, "x" * 44]),
    ],
)
def test_english(text: str, tokens: list[str]) -> None:
    assert RuleTokenizer(rules("en"), lowercase=False)(text) == tokens
    assert expected("en", [text]) == [tokens]


@pytest.mark.parametrize(
    ("language", "text", "tokens"),
    [
        ("de", "z.B. so", ["z.B.", "so"]),
        ("es", "en EE. UU. y EE.  UU.", ["en", "EE. UU.", "y", "EE", ".", "UU", "."]),
        ("es", "EE.UU.", ["EE.UU."]),
        ("it", "l'attore", ["l'", "attore"]),
        ("hu", "2019-ben", ["2019-ben"]),
    ],
)
def test_other_languages(language: str, text: str, tokens: list[str]) -> None:
    assert shared(language)(text) == tokens
    assert expected(language, [text]) == [tokens]


def test_lower_case_comes_after_the_rules() -> None:
    text = "Mr. Lee lives in the U.S. and it's GREAT"
    kept = shared("en", False)(text)
    assert kept[:2] == ["Mr.", "Lee"]
    assert shared("en", True)(text) == [token.lower() for token in kept]


def test_lower_case_by_default() -> None:
    assert RuleTokenizer(rules("xx"))("Good") == ["good"]


# --- the mechanism, with rules that no language has ---


def made(exceptions: dict[str, list[str]], **sources: str) -> RuleTokenizer:
    patterns = Patterns(**{name: Pattern(source, 0) for name, source in sources.items()})
    held = {string: tuple(tokens) for string, tokens in sorted(exceptions.items())}
    return RuleTokenizer(Rules("xx", "", patterns, held), lowercase=False)


def of_spacy(tokenizer: RuleTokenizer, exceptions: dict[str, list[str]]) -> SpacyTokenizer:
    """spaCy's tokenizer with the same rules."""
    first = tokenizer._first_pass
    return SpacyTokenizer(
        vocab(),
        {string: [{"ORTH": each} for each in tokens] for string, tokens in exceptions.items()},
        first._prefix,
        first._suffix,
        first._infixes,
        first._token_match,
        first._url_match,
    )


def visible(document: Doc) -> list[str]:
    return [token.text for token in document if not token.text.isspace()]


NO_EXCEPTION: dict[str, list[str]] = {}
SEVERAL = {"(a": ["(a"], "a)b": ["a)", "b"], "b)": ["b)"], ")b)c": [")b)c"], "c)": ["c)"]}


@pytest.mark.parametrize(
    ("exceptions", "sources", "text"),
    [
        (NO_EXCEPTION, {}, "a.b (c)"),
        (NO_EXCEPTION, {"prefix": r"^\(|\)", "suffix": r"\)$"}, "((a)) a)b (a)b"),
        (NO_EXCEPTION, {"prefix": "^aa", "suffix": "aaa$"}, "aaaa aaa aa aaaaaaaa"),
        (NO_EXCEPTION, {"infix": r"(?=b)|-"}, "ab-b b-ab -a- bb"),
        (NO_EXCEPTION, {"prefix": r"^\(", "url_match": r".*\.x"}, "(a.x a.x) (a"),
        (NO_EXCEPTION, {"prefix": r"^\(", "token_match": r".*\.x"}, "(a.x a.x) (a"),
        ({"a.": ["a", "."]}, {"suffix": r"\.$|\)$", "prefix": r"^\("}, "(a.) a.. (a."),
        ({"a b": ["a b"]}, {}, "a b a  b a\nb xa b"),
        ({"a\nb": ["a\nb"]}, {"infix": r"\n"}, "a\nb a b ab"),
        ({" a": [" a"]}, {}, "a  a x a"),
        ({"ab": ["ab"]}, {"infix": "b"}, "ab xab"),
        ({"(a)": ["(a)"]}, {"prefix": r"^\(", "suffix": r"\)$"}, "x(a) ((a)) ( a)"),
        (SEVERAL, {"infix": r"[()]"}, "x(a)b)c) (a)b (a)b)c"),
        (SEVERAL, {"prefix": r"^[()]", "suffix": r"[()]$"}, "x(a)b)c) (a)b (a)b)c"),
        ({"a.a": ["a", ".", "a"], ".": ["."]}, {"infix": r"\."}, "xa.a.a.a a.a."),
    ],
)
def test_odd_rules(exceptions: dict[str, list[str]], sources: dict[str, str], text: str) -> None:
    tokenizer = made(exceptions, **sources)
    reference = of_spacy(tokenizer, exceptions)
    for each in [text, *text.split(), text.replace(" ", "  "), f" {text} "]:
        assert tokenizer(each) == visible(reference(each))


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_any_rules(data: st.DataObject) -> None:
    strings = data.draw(st.lists(st.text("ab. (", min_size=1, max_size=4), max_size=5))
    exceptions = {}
    for string in strings:
        cut = data.draw(st.integers(0, len(string)))
        exceptions[string] = [part for part in (string[:cut], string[cut:]) if part]
    drawn = st.sampled_from([r"^[(.]", r"^a\.|b", r"[.(]$", "b+$|^a", r"[.(]", "(?=b)", "a.?b"])
    names = ["prefix", "suffix", "infix", "token_match", "url_match"]
    sources = data.draw(st.dictionaries(st.sampled_from(names), drawn))
    tokenizer = made(exceptions, **sources)
    reference = of_spacy(tokenizer, exceptions)
    for text in data.draw(st.lists(st.text("ab. (\n", max_size=10), max_size=4)):
        assert tokenizer(text) == visible(reference(text))


def test_a_span_that_is_left_out_rules_out_shorter_ones() -> None:
    exceptions = {"a.b.": ["a.b."], "b.c": ["b.c"], "c.": ["c."]}
    tokenizer = made(exceptions, infix=r"\.|(?<=x)|(?=c)")
    assert tokenizer("xa.b.c.") == ["x", "a.b.", "c", "."]
    assert visible(of_spacy(tokenizer, exceptions)("xa.b.c.")) == ["x", "a.b.", "c", "."]
    assert tokenizer("xc.") == ["x", "c."]


# --- memory ---


@given(st.lists(st.text("ab.:(' ", max_size=12), max_size=10))
@settings(max_examples=50, deadline=None)
def test_what_is_forgotten_is_found_again(texts: list[str]) -> None:
    tokenizer = RuleTokenizer(rules("en"), lowercase=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "GENERATION", 5)
        for text in texts:
            assert [tokenizer(text)] == expected("en", [text])
            for generation in (tokenizer._recent, tokenizer._recent.older):
                assert len(generation) < module.GENERATION + 12


def test_few_pretokens_are_split_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    tokenizer, split = RuleTokenizer(rules("en")), []
    first = tokenizer._first_pass

    def counted(run: str) -> tuple[str, ...]:
        split.append(run)
        return first(run)

    monkeypatch.setattr(tokenizer, "_first_pass", counted)
    for text in ("a good film", "a bad film, really", "really a film"):
        tokenizer(text)
    assert split == ["a", "good", "film", "bad", "film,", "really"]


def test_a_long_pretoken_is_not_remembered() -> None:
    tokenizer = RuleTokenizer(rules("en"))
    longest, longer = "x" * module.LONGEST, "y" * (module.LONGEST + 1)
    assert tokenizer(longest) == [longest]
    assert tokenizer(f"film {longer}") == ["film", longer]
    assert set(tokenizer._recent) == {longest, "film"}


def test_several_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "GENERATION", 50)
    reviews = load_package().texts.slice(0, 60).to_pylist()
    tokenizer = RuleTokenizer(rules("en"), lowercase=False)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(tokenizer, reviews * 4))
    assert found == expected("en", reviews) * 4


def test_needs_the_standard_library_alone() -> None:
    code = (
        "import json, sys\n"
        "from gru_sentiment.data.rule_tokenizer import RuleTokenizer\n"
        "from gru_sentiment.data.rules import Rules\n"
        "tokenizer = RuleTokenizer(Rules.from_json(json.load(sys.stdin)))\n"
        "print(tokenizer('It\\'s GOOD:('))\n"
        "heavy = ('numpy', 'pyarrow', 'spacy', 'torch', 'pydantic')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    stored = json.dumps(rules("en").to_json())
    done = subprocess.run(
        [sys.executable, "-c", code], input=stored, capture_output=True, text=True, check=True
    )
    assert done.stdout == "['it', \"'s\", 'good', ':(']\n[]\n"


# --- slow ---


@pytest.mark.slow
def test_tokens_of_thousands_of_reviews() -> None:
    reviews, tokenizer = load_package().texts.slice(0, 25_000).to_pylist()[::5], shared("en")
    for start in range(0, len(reviews), 500):
        texts = reviews[start : start + 500]
        assert [tokenizer(text) for text in texts] == expected("en", texts)


def _languages() -> list[str]:
    """All languages of spaCy with exceptions; the others have tokenizers of their own."""
    names = [each.name for each in pkgutil.iter_modules(spacy.lang.__path__) if each.ispkg]
    return sorted(set(names) - {"ja", "ko", "th", "vi", "zh"})


@pytest.mark.slow
@pytest.mark.parametrize("language", _languages())
def test_every_language(language: str) -> None:
    tokenizer = RuleTokenizer(rules(language), lowercase=False)

    @given(st.lists(texts_in(language), max_size=6))
    @settings(max_examples=150, deadline=None)
    def check(texts: list[str]) -> None:
        assert [tokenizer(text) for text in texts] == expected(language, texts)

    check()
