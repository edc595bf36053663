"""What spaCy's tokenizer of a language is made of, as plain data that needs no spaCy to be read.

Nothing heavy is imported here, so that prediction can do without it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from gru_sentiment.errors import DataError

if TYPE_CHECKING:
    import spacy.tokenizer

LINE_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
UNBROKEN = re.compile(r"\S{256}(?=\S)")
"""A run of 256 characters without white space is cut. spaCy takes punctuation off a run
one character at a time, in time that grows with the square of its length. No IMDb review has a run
of more than 100."""
FORMAT = "gru-sent tokenizer rules"
VERSION = 1
"""Of the format. Raise it when older programs would read the rules wrong."""
FLAGS = re.ASCII | re.DOTALL | re.IGNORECASE | re.MULTILINE | re.UNICODE | re.VERBOSE
"""What a pattern may have; the others print, or are for bytes."""
DAMAGE = (AttributeError, KeyError, TypeError, ValueError, RecursionError, OverflowError, re.error)
"""What rules that are not as they were stored raise when they are read."""


@dataclass(frozen=True)
class Pattern:
    """A regular expression."""

    source: str
    flags: int

    def compiled(self) -> re.Pattern[str]:
        """The expression, ready to search with."""
        return re.compile(self.source, self.flags)


@dataclass(frozen=True)
class Patterns:
    """The regular expressions of a tokenizer; None finds nothing."""

    prefix: Pattern | None = None
    """Searched for what is taken off the beginning of a pretoken."""
    suffix: Pattern | None = None
    """Searched for what is taken off its end."""
    infix: Pattern | None = None
    """What it is split at, when nothing can be taken off any more."""
    token_match: Pattern | None = None
    """What is one token, whatever can be taken off it."""
    url_match: Pattern | None = None
    """What is one token when nothing can be taken off any more."""


METHODS = {
    "prefix": ("prefix_search", "search"),
    "suffix": ("suffix_search", "search"),
    "infix": ("infix_finditer", "finditer"),
    "token_match": ("token_match", "match"),
    "url_match": ("url_match", "match"),
}
"""Where spaCy's tokenizer holds each pattern, and by which method of `re.Pattern`."""


@dataclass(frozen=True)
class Rules:
    """spaCy's rules for a language."""

    language: str
    spacy: str
    """The version of spaCy that they were read from."""
    patterns: Patterns
    exceptions: Mapping[str, tuple[str, ...]]
    """The tokens of strings that are not split by patterns, sorted by the strings."""

    @classmethod
    def from_spacy(cls, language: str) -> Rules:
        """The rules of the tokenizer that spaCy has for a language.

        Raises:
            DataError: spaCy does not know the language, or its tokenizer is more than these rules.
        """
        import spacy

        tokenizer = spacy_tokenizer(language)
        obstacle = _obstacle(tokenizer)
        if obstacle:
            raise DataError(
                f"text.language: the tokenizer of {language!r} needs spaCy: {obstacle}",
                hint="use it with spaCy, or another language, such as xx, which is for any",
            )
        functions = {name: getattr(tokenizer, METHODS[name][0]) for name in METHODS}
        patterns = {name: found and found.__self__ for name, found in functions.items()}
        return cls(
            language,
            spacy.__version__,
            Patterns(**{k: v and Pattern(v.pattern, v.flags) for k, v in patterns.items()}),
            _exceptions(tokenizer),
        )

    @classmethod
    def from_json(cls, stored: object) -> Rules:
        """The rules that `to_json` stored.

        Raises:
            DataError: they are of another format or version, or damaged.
        """
        if not isinstance(stored, dict) or stored.get("format") != FORMAT:
            raise DataError(
                "these are no rules of a tokenizer",
                hint=f"they are a JSON object whose format is {FORMAT!r}",
            )
        if stored.get("version") != VERSION:
            raise DataError(
                f"rules of a tokenizer in version {stored.get('version')!r} of the format; "
                f"this program reads version {VERSION}",
                hint="use the version of gru-sent that wrote them, or write them again",
            )
        try:
            return _read(stored)
        except DAMAGE as error:
            raise DataError(
                f"the rules of the tokenizer are damaged: {type(error).__name__}: {error}",
                hint="copy them again, or write them again",
            ) from error

    def to_json(self) -> dict[str, Any]:
        """The rules as lists and dictionaries; equal rules give the same JSON text."""
        patterns = {each.name: getattr(self.patterns, each.name) for each in fields(Patterns)}
        return {
            "format": FORMAT,
            "version": VERSION,
            "language": self.language,
            "spacy": self.spacy,
            "patterns": {
                name: pattern and {"source": pattern.source, "flags": pattern.flags}
                for name, pattern in patterns.items()
            },
            "exceptions": {each: list(tokens) for each, tokens in sorted(self.exceptions.items())},
        }


def spacy_tokenizer(language: str) -> spacy.tokenizer.Tokenizer:
    """spaCy's tokenizer for a language, newly loaded.

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


def _obstacle(tokenizer: spacy.tokenizer.Tokenizer) -> str:
    """Why the tokenizer is more than `Rules` can hold; empty where it is not."""
    import spacy.tokenizer

    if type(tokenizer) is not spacy.tokenizer.Tokenizer:
        return f"it is a {type(tokenizer).__name__}"
    if not tokenizer.faster_heuristics:
        return "it searches every text for all exceptions"
    for attribute, method in METHODS.values():
        function = getattr(tokenizer, attribute)
        if function is not None and not _is_method_of_pattern(function, method):
            return f"its {attribute} is not the method {method} of a compiled pattern of strings"
    return ""


def _is_method_of_pattern(function: Callable[[str], Any], name: str) -> bool:
    pattern = getattr(function, "__self__", None)
    return (
        isinstance(pattern, re.Pattern)
        and isinstance(pattern.pattern, str)
        and function == getattr(pattern, name)
    )


def _exceptions(tokenizer: spacy.tokenizer.Tokenizer) -> dict[str, tuple[str, ...]]:
    from spacy.attrs import ORTH, intify_attrs

    return {
        string: tuple(intify_attrs(token, _do_deprecated=True)[ORTH] for token in tokens)
        for string, tokens in sorted(tokenizer.rules.items())
    }


def _read(stored: dict[str, Any]) -> Rules:
    """The rules in a JSON object of this version; any of several errors where it is damaged."""
    if unknown := set(stored["patterns"]) ^ {each.name for each in fields(Patterns)}:
        raise ValueError(f"patterns {sorted(unknown)}")
    exceptions = {}
    for string, tokens in sorted(stored["exceptions"].items()):
        exceptions[string] = tuple(map(_string, tokens))
        if not all(tokens) or not string or "".join(tokens) != string:
            raise ValueError(f"exception {string!r}")
    patterns = {name: found and _pattern(found) for name, found in stored["patterns"].items()}
    return Rules(
        _string(stored["language"]), _string(stored["spacy"]), Patterns(**patterns), exceptions
    )


def _pattern(stored: dict[str, Any]) -> Pattern:
    if type(stored["flags"]) is not int or stored["flags"] & ~FLAGS:
        raise ValueError(f"flags {stored['flags']!r}")
    pattern = Pattern(_string(stored["source"]), stored["flags"])
    pattern.compiled()
    return pattern


def _string(found: object) -> str:
    if not isinstance(found, str):
        raise TypeError(f"{found!r} is no string")
    return found
