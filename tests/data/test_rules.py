"""spaCy's rules as plain data: what is read, what is stored, what is refused."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import pytest
import spacy
from spacy.tokenizer import Tokenizer as SpacyTokenizer

from gru_sentiment.data import rules as module
from gru_sentiment.data.rules import VERSION, Pattern, Patterns, Rules
from gru_sentiment.errors import DataError

SMALL = Rules(
    "xx",
    "3.8.8",
    Patterns(prefix=Pattern(r"^\(", re.UNICODE.value), url_match=Pattern("http", re.I.value)),
    {"a.b": ("a.", "b"), "U.S.": ("U.S.",)},
)


@lru_cache
def read(language: str) -> Rules:
    return Rules.from_spacy(language)


def bare(monkeypatch: pytest.MonkeyPatch, *, kind: type = SpacyTokenizer) -> SpacyTokenizer:
    """An empty tokenizer that spaCy seems to have for every language."""
    tokenizer = kind(spacy.blank("xx").vocab)
    monkeypatch.setattr(module, "spacy_tokenizer", lambda language: tokenizer)
    return tokenizer


# --- from spaCy ---


def test_rules_are_those_of_spacy() -> None:
    tokenizer, rules = spacy.blank("en").tokenizer, read("en")
    assert (rules.language, rules.spacy) == ("en", spacy.__version__)
    assert rules.patterns.prefix is not None
    assert rules.patterns.prefix.compiled() == tokenizer.prefix_search.__self__
    assert rules.patterns.token_match is None
    assert rules.exceptions["don't"] == ("do", "n't")
    assert list(rules.exceptions) == sorted(tokenizer.rules)


@pytest.mark.parametrize("language", ["tr", "hu"])
def test_languages_with_a_token_match(language: str) -> None:
    assert read(language).patterns.token_match is not None


def test_a_tokenizer_without_patterns(monkeypatch: pytest.MonkeyPatch) -> None:
    bare(monkeypatch)
    assert Rules.from_spacy("xx") == Rules("xx", spacy.__version__, Patterns(), {})


def test_an_exception_may_have_a_norm_and_old_names(monkeypatch: pytest.MonkeyPatch) -> None:
    bare(monkeypatch).add_special_case("ab", [{"orth": "a", "NORM": "x"}, {65: "b"}])
    assert Rules.from_spacy("xx").exceptions == {"ab": ("a", "b")}


@pytest.mark.parametrize("language", ["klingon", "", "EN"])
def test_unknown_language(language: str) -> None:
    with pytest.raises(DataError, match=rf"spaCy knows no language {language!r}"):
        Rules.from_spacy(language)


def test_another_class_of_tokenizer_is_refused() -> None:
    with pytest.raises(DataError, match="'zh' needs spaCy: it is a ChineseTokenizer") as caught:
        Rules.from_spacy("zh")
    assert "xx" in caught.value.hint


def test_a_class_of_its_own_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Other(SpacyTokenizer):  # type: ignore[misc]
        pass

    bare(monkeypatch, kind=Other)
    with pytest.raises(DataError, match="'sv' needs spaCy: it is a Other"):
        Rules.from_spacy("sv")


@pytest.mark.parametrize(
    ("attribute", "function"),
    [
        ("prefix_search", lambda string: None),
        ("prefix_search", re.compile("a").match),
        ("suffix_search", re.compile("a").fullmatch),
        ("infix_finditer", re.compile("a").findall),
        ("token_match", re.compile("a").search),
        ("url_match", re.compile(b"a").match),
        ("url_match", "a".startswith),
    ],
)
def test_another_function_is_refused(
    monkeypatch: pytest.MonkeyPatch, attribute: str, function: Callable[[str], Any]
) -> None:
    setattr(bare(monkeypatch), attribute, function)
    with pytest.raises(DataError, match=rf"'de' needs spaCy: its {attribute} is not the method"):
        Rules.from_spacy("de")


def test_a_search_for_all_exceptions_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    bare(monkeypatch).faster_heuristics = False
    with pytest.raises(DataError, match="for all exceptions"):
        Rules.from_spacy("xx")


# --- JSON ---


@pytest.mark.parametrize("language", ["en", "es", "hu", "xx"])
def test_json_round_trip(language: str) -> None:
    text = json.dumps(read(language).to_json())
    again = Rules.from_json(json.loads(text))
    assert again == read(language)
    assert json.dumps(again.to_json()) == text


def test_json_of_small_rules() -> None:
    assert SMALL.to_json() == {
        "format": "gru-sent tokenizer rules",
        "version": VERSION,
        "language": "xx",
        "spacy": "3.8.8",
        "patterns": {
            "prefix": {"source": r"^\(", "flags": 32},
            "suffix": None,
            "infix": None,
            "token_match": None,
            "url_match": {"source": "http", "flags": 2},
        },
        "exceptions": {"U.S.": ["U.S."], "a.b": ["a.", "b"]},
    }


def test_equal_rules_give_the_same_text() -> None:
    stored = SMALL.to_json()
    turned = {key: stored[key] for key in reversed(stored)}
    for part in ("patterns", "exceptions"):
        turned[part] = dict(reversed(stored[part].items()))
    assert list(turned["exceptions"]) != list(stored["exceptions"])
    assert json.dumps(Rules.from_json(turned).to_json()) == json.dumps(stored)


@pytest.mark.parametrize("stored", [None, [], "rules", {}, {"format": "other", "version": 1}])
def test_another_format(stored: object) -> None:
    with pytest.raises(DataError, match="no rules of a tokenizer") as caught:
        Rules.from_json(stored)
    assert module.FORMAT in caught.value.hint


@pytest.mark.parametrize("version", [0, VERSION + 1, "1", None])
def test_another_version(version: object) -> None:
    with pytest.raises(DataError, match=rf"version {version!r} .* reads version {VERSION}"):
        Rules.from_json(SMALL.to_json() | {"version": version})


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("language", 1),
        ("language", None),
        ("spacy", ["3.8"]),
        ("patterns", None),
        ("patterns", {"prefix": None}),
        ("patterns.more", None),
        ("patterns.prefix", "^a"),
        ("patterns.prefix.source", "("),
        ("patterns.prefix.source", b"a"),
        ("patterns.prefix.source", 1),
        ("patterns.prefix.flags", "32"),
        ("patterns.prefix.flags", True),
        ("patterns.prefix.flags", re.DEBUG.value),
        ("patterns.prefix.flags", re.LOCALE.value),
        ("patterns.prefix.flags", 1 << 70),
        ("patterns.prefix.flags", -1),
        ("exceptions", ["a"]),
        ("exceptions", {"a": ["b"]}),
        ("exceptions", {"ab": ["a", 1]}),
        ("exceptions", {"ab": ["a", "", "b"]}),
        ("exceptions", {"ab": None}),
        ("exceptions", {"": []}),
    ],
)
def test_damaged_rules(path: str, value: object) -> None:
    stored = copy.deepcopy(SMALL.to_json())
    *folders, name = path.split(".")
    place = stored
    for folder in folders:
        place = place[folder]
    place[name] = value
    with pytest.raises(DataError, match="rules of the tokenizer are damaged") as caught:
        Rules.from_json(stored)
    assert caught.value.hint


@pytest.mark.parametrize("key", ["language", "spacy", "patterns", "exceptions"])
def test_a_key_is_missing(key: str) -> None:
    stored = SMALL.to_json()
    del stored[key]
    with pytest.raises(DataError, match=f"KeyError: '{key}'"):
        Rules.from_json(stored)
